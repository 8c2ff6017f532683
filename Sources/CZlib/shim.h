// zlib, for the compression of WebSocket messages (RFC 7692).

#ifndef SCA_CZLIB_H
#define SCA_CZLIB_H

#include <zlib.h>

#endif
