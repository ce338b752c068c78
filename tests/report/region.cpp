// A library with a parallel region, to be linked with an OpenMP runtime of choice.
int threads_of_region() {
  int threads = 0;
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  return threads;
}
