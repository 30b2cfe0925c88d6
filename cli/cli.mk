# cli.mk: how the host tool is built; included by the top Makefile.
#   TOOL            build/mirage
#   CLI_TEST_OBJS   its objects without main(), with sanitizers, for cli/tests
#   CLI_FUZZ_OBJS   the same for cli/fuzz

TOOL     := $(BUILD)/mirage
CLI_SRC  := $(sort $(wildcard cli/*.c cli/linux/*.c))
# Libraries that the tool shares with images.
CLI_LIB  := $(sort $(wildcard lib/digest/*.c lib/mime/*.c lib/impair/*.c))
CLI_OBJS := $(CLI_SRC:%.c=$(BUILD)/tool/%.o) $(CLI_LIB:%.c=$(BUILD)/tool/%.o)

CLI_PARTS     := $(filter-out cli/main.c,$(CLI_SRC))
CLI_TEST_OBJS := $(CLI_PARTS:%.c=$(BUILD)/san/%.o)
CLI_FUZZ_OBJS := $(CLI_PARTS:%.c=$(BUILD)/fuzzobj/%.o)

# The tool is a program of the host; what images are built from names its extensions per file.
$(BUILD)/tool/% $(BUILD)/san/cli/% $(BUILD)/fuzzobj/cli/%: LANG_FLAGS += -D_GNU_SOURCE

$(BUILD)/tool/%.o: %.c
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANG_FLAGS) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

$(TOOL): $(CLI_OBJS)
	$(call say,LD $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@
