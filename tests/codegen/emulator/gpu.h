#pragma once

// What a kernel compiled for the host knows of the GPU that it seems to run on. For both sides: kernel texts and the
// emulator.

struct td_emulated_uint3 {
  unsigned x, y, z;
};

struct td_emulated_gpu {
  td_emulated_uint3 thread;
  td_emulated_uint3 block;
  td_emulated_uint3 threads;
  td_emulated_uint3 blocks;
  void (*barrier)(int line);
};
