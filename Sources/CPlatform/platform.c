#define _GNU_SOURCE
#include "CPlatform.h"

#include <pthread.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void platform_name_thread(const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
#ifdef __APPLE__
    pthread_setname_np(kept);
#else
    pthread_setname_np(pthread_self(), kept);
#endif
}

void platform_keep_freed_memory(size_t bytes, size_t block) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, (int)block);
    mallopt(M_TRIM_THRESHOLD, (int)bytes);
#else
    (void)bytes;
    (void)block;
#endif
}
