/* version.h: the version of the tool, which every generated file names. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#define MIRAGE_VERSION "0.1.0"

#endif
