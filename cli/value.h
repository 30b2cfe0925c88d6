/* value.h: the types of keys (docs/devices.md): check a text, write it as C. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdint.h>

#include "text.h"

/* Is it the name of a type that one may declare: bool, int, ..., choice(a|b)? */
bool value_type(const char *type);
/* NULL if `text` is a value of the type, or of "logs" that every image has, else what one looks
 * like. */
const char *value_check(const char *type, const char *text);
/* The C type of a field: "bool", "struct mir_cidr ". A '*' or a blank ends it. */
const char *value_c_type(const char *type);
/* The C initialiser for a text that value_check() has accepted. */
char *value_c(const char *type, const char *text);
/* The bytes of a text of the type "size"; false: it is none. */
bool value_size(const char *text, uint64_t *bytes);
/* "BOOL": what comes after MIR_ARG_. */
const char *value_arg(const char *type);
/* "a|b" of "choice(a|b)", else NULL. */
char *value_choices(const char *type);

#endif
