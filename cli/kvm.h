/* kvm.h: can KVM run whole machines here?  In a folder per kind of host, cli/linux. */
#ifndef CLI_KVM_H
#define CLI_KVM_H

#include <stdbool.h>

/* Runs a few instructions in a machine of KVM.  NULL: it works; else why not, in a sentence's
 * words.  Blocks, for about a millisecond. */
const char *kvm_unusable(void);

#endif
