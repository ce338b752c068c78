#include <iostream>

#include <tandem/tandem.h>

namespace td = tandem;

int main() {
  td::ndarray a = td::reshape(td::arange(6.0), {2, 3});
  td::ndarray b = td::array<float>({1, 10, 100});

  td::ndarray c = a * b + td::sin(a);  // broadcasts, promotes to float64, runs in one pass
  std::cout << c << "\n";
  std::cout << td::sum(c, {.axis = 0}) << "\n";  // an expression; printing evaluates it

  td::ndarray column = c(td::all, 1);  // a view: shares c's elements
  column += 1000;
  c(0, td::slice(td::none, td::none, 2)) = 0;  // assigning to a view without a name writes elements
  std::cout << c << "\n";

  td::ndarray product = td::eval(td::matmul(a, td::matrix_transpose(a)), {.workers = 1});
  td::save("product.npy", product);
}
