/* param.c: parameters of the virtual machine. */
#include "xen.h"

#include <mir/err.h>

static int64_t op(unsigned what, struct mir_xen_hvm_param *arg)
{
	return mir_xen_call(MIR_XEN_HVM, what, mir_xen_address(arg), 0);
}

int mir_xen_param(enum mir_xen_param index, uint64_t *value)
{
	struct mir_xen_hvm_param arg = { .dom = MIR_XEN_SELF, .index = (uint32_t)index };

	if (op(MIR_XEN_HVM_GET, &arg) < 0 || arg.value == 0)
		return MIR_EPROTO;
	*value = arg.value;
	return 0;
}

int mir_xen_param_set(enum mir_xen_param index, uint64_t value)
{
	struct mir_xen_hvm_param arg = {
		.dom = MIR_XEN_SELF, .index = (uint32_t)index, .value = value
	};

	return (int)op(MIR_XEN_HVM_SET, &arg);
}
