/* mime.h: the media type of a file, told by its name (RFC 6838, RFC 9239, RFC 9512). */
#ifndef MIR_MIME_H
#define MIR_MIME_H

#include <stdbool.h>
#include <stddef.h>

/* What a name says nothing about (RFC 9110 section 8.3). */
#define MIR_MIME_UNKNOWN "application/octet-stream"

/* The media type for the extension of a file name or path of len bytes, in
 * either case; text types carry charset=utf-8. MIR_MIME_UNKNOWN where there is
 * no extension or not one that is known. The string is constant. */
const char *mir_mime_type(const char *name, size_t len);

/* Whether bodies of a media type of len bytes, parameters may follow, become notably smaller by
 * compression: text, and formats that are not compressed themselves. */
bool mir_mime_compressible(const char *type, size_t len);

#endif
