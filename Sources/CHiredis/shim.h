#ifndef BUNGALOW_CHIREDIS_SHIM_H
#define BUNGALOW_CHIREDIS_SHIM_H

/* Only the reader (read.h) is used. It exists in 0.14.1 and in 1.x. What changed between them (argument types of the
 * constructors, the reader's task stack) is never named on the Swift side, so that the same source compiles against
 * either. */
#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#endif
