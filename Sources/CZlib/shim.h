#ifndef BUNGALOW_CZLIB_SHIM_H
#define BUNGALOW_CZLIB_SHIM_H

#include <zlib.h>

#endif
