/// What the C library has and Swift's module of it leaves out.
#pragma once

#include <stddef.h>

/// Names the calling thread for debuggers and `top -H`; of long names the first 15 bytes count.
void platform_name_thread(const char *_Nonnull name);

/// Keeps up to `bytes` of freed memory in each of the allocator's heaps, and takes blocks below `block` bytes from them.
/// Elsewhere than on glibc it does nothing.
void platform_keep_freed_memory(size_t bytes, size_t block);
