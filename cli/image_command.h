/* image_command.h: what other commands want of `mirage image`. */
#ifndef CLI_IMAGE_COMMAND_H
#define CLI_IMAGE_COMMAND_H

#include "manifest.h"

/* Make a disk of the built image with these boot arguments.  `size` may be NULL.  False after an
 * error was reported. */
bool image_make(const struct manifest *, const struct list *words, const char *format,
    const char *size, const char *output);
/* Where it goes unless told: dist/NAME.img. */
const char *image_path(const struct manifest *, const char *format);
/* Where disks of all formats go. */
void image_paths(const struct manifest *, struct list *out);

#endif
