/*
 * Tells GNU ld about the instructions of the ESP32's and the ESP32-S3's
 * processors: Xtensa, little-endian, with register windows, loops, and the
 * 16-bit instructions of the code density option.
 *
 * Debian's xtensa-lx106-elf-ld is built for a processor without register
 * windows (the ESP8266's). It reads another processor's description from the
 * shared object that XTENSA_GNU_CONFIG names. A linker only rewrites operands
 * that are addresses, and turns distant calls into near ones, so only
 * instructions with such an operand are described.
 *
 * Sources: "Xtensa Instruction Set Architecture (ISA) Reference Manual"
 * (Tensilica, 2010): chapter 6 for each instruction's target address, chapter 7
 * for formats, fields and opcodes. For what the linker reads: binutils 2.40,
 * include/xtensa-isa-internal.h and include/xtensa-dynconfig.h, whose layouts
 * the structures below must have.
 *
 *   cc -shared -fPIC -O1 -o core.so core.c
 */
#include <stddef.h>
#include <stdint.h>

typedef uint32_t bits;

#define LENGTH(array) (int)(sizeof(array) / sizeof *(array))
#define ONES(count) ((UINT32_C(1) << (count)) - 1)

/*
 * Formats and their slots. The low four bits of the first byte, op0, tell an
 * instruction's length: 0 to 7 has three bytes, 8 to 13 two (chapter 7,
 * "Formats"); 14 and 15 are for wide instructions, which these chips' programs
 * lack. A format has one slot: the instruction itself.
 */

enum { WIDE, NARROW, FORMATS };

struct format {
  const char *name;
  int bytes;
  void (*fill)(bits *instruction);
  int slot_count;
  const int *slots;
};

static int format_of(int op0) { return op0 < 8 ? WIDE : op0 < 14 ? NARROW : -1; }

static int format_of_word(const bits *instruction) { return format_of(*instruction & 15); }

static const int format_bytes[FORMATS] = {[WIDE] = 3, [NARROW] = 2};

static int length_of(const unsigned char *first) {
  int format = format_of(*first & 15);
  return format < 0 ? -1 : format_bytes[format];
}

static void fill_wide(bits *instruction) { *instruction = 0; }
static void fill_narrow(bits *instruction) { *instruction = 8; }

static const int wide_slots[] = {WIDE}, narrow_slots[] = {NARROW};
static const struct format formats[FORMATS] = {
    [WIDE] = {"wide", 3, fill_wide, 1, wide_slots},
    [NARROW] = {"narrow", 2, fill_narrow, 1, narrow_slots},
};

/*
 * Fields: which bits of an instruction are an operand (chapter 7, "Instruction
 * Fields"). A field has a lower and an upper piece, each of them given by its
 * first bit and its number of bits; only imm6 needs the upper one.
 */

#define FIELDS(X)                                           \
  X(imm16, 8, 16, 0, 0)  /* RI16: L32R */                   \
  X(offset, 6, 18, 0, 0) /* CALL: CALL0 to CALL12, J */     \
  X(imm12, 12, 12, 0, 0) /* BRI12: comparisons with zero */ \
  X(imm8, 16, 8, 0, 0)   /* RRI8, BRI8: other branches */   \
  X(imm6, 12, 4, 4, 2)   /* RI6: the narrow branches */

typedef bits reader(const bits *slot);
typedef void writer(bits *slot, bits value);

#define FIELD(name, low, low_bits, high, high_bits)                                         \
  static bits read_##name(const bits *slot) {                                               \
    return (*slot >> low & ONES(low_bits)) | (*slot >> high & ONES(high_bits)) << low_bits; \
  }                                                                                         \
  static void write_##name(bits *slot, bits value) {                                        \
    *slot &= ~(ONES(low_bits) << low | ONES(high_bits) << high);                            \
    *slot |= (value & ONES(low_bits)) << low;                                               \
    *slot |= (value >> low_bits & ONES(high_bits)) << high;                                 \
  }
FIELDS(FIELD)

#define FIELD_NUMBER(name, ...) FIELD_##name,
enum { FIELDS(FIELD_NUMBER) FIELD_COUNT };

/* The fields of each slot, by number; NULL is a field that it lacks. */
static reader *const wide_readers[] = {read_imm16, read_offset, read_imm12, read_imm8, NULL};
static writer *const wide_writers[] = {write_imm16, write_offset, write_imm12, write_imm8, NULL};
static reader *const narrow_readers[FIELD_COUNT] = {[FIELD_imm6] = read_imm6};
static writer *const narrow_writers[FIELD_COUNT] = {[FIELD_imm6] = write_imm6};

/*
 * Operands: how a field becomes an address (chapter 6, the operation of each
 * instruction). A field counts bytes or words, has a sign, and is relative to an
 * address near its instruction's. L32R reaches backward only: its upper bits are
 * ones. ld itself checks that a value survives the way into a field and back,
 * which is how it notices a target out of reach.
 */

#define UNSIGNED(field, width) (field)
#define SIGNED(field, width) (((field) ^ UINT32_C(1) << ((width) - 1)) - (UINT32_C(1) << ((width) - 1)))
#define BACKWARD(field, width) ((field) - (UINT32_C(1) << (width)))

#define AFTER(pc) ((pc) + 4)
#define NEXT_WORD(pc) (((pc) & ~UINT32_C(3)) + 4)
#define THIS_OR_NEXT_WORD(pc) (((pc) + 3) & ~UINT32_C(3))

#define OPERANDS(X)                                         \
  X(literal, imm16, 16, 4, BACKWARD, THIS_OR_NEXT_WORD)     \
  X(callee, offset, 18, 4, SIGNED, NEXT_WORD)               \
  X(jump, offset, 18, 1, SIGNED, AFTER)                     \
  X(branch_zero, imm12, 12, 1, SIGNED, AFTER)               \
  X(branch, imm8, 8, 1, SIGNED, AFTER)                      \
  X(loop_end, imm8, 8, 1, UNSIGNED, AFTER)                  \
  X(branch_narrow, imm6, 6, 1, UNSIGNED, AFTER)

#define CONVERSIONS(name, field, width, unit, sign, anchor) \
  static int encode_##name(bits *value) {                   \
    *value = *value / unit & ONES(width);                   \
    return 0;                                               \
  }                                                         \
  static int decode_##name(bits *value) {                   \
    *value = sign(*value, width) * unit;                    \
    return 0;                                               \
  }                                                         \
  static int to_distance_##name(bits *value, bits pc) {     \
    *value -= anchor(pc);                                   \
    return 0;                                               \
  }                                                         \
  static int to_address_##name(bits *value, bits pc) {      \
    *value += anchor(pc);                                   \
    return 0;                                               \
  }
OPERANDS(CONVERSIONS)

struct operand {
  const char *name;
  int field, register_file, register_count;
  bits flags;
  int (*encode)(bits *), (*decode)(bits *);
  int (*to_distance)(bits *, bits), (*to_address)(bits *, bits);
};

enum { IS_PC_RELATIVE = 2, NO_REGISTER = -1 };

#define OPERAND_NUMBER(name, ...) OPERAND_##name,
enum { OPERANDS(OPERAND_NUMBER) OPERAND_COUNT };

#define OPERAND(name, field, ...)                                                          \
  [OPERAND_##name] = {#name,         FIELD_##field,      NO_REGISTER,      0, IS_PC_RELATIVE, \
                      encode_##name, decode_##name, to_distance_##name, to_address_##name},
static const struct operand operands[OPERAND_COUNT] = {OPERANDS(OPERAND)};

/*
 * Instruction classes: which operands an instruction has. There is one class
 * per operand above, and the last one for instructions without any.
 */

struct argument {
  int operand;
  char direction;
};

struct class {
  int argument_count;
  const struct argument *arguments;
  int state_count;
  const void *states;
  int interface_count;
  const void *interfaces;
};

#define ARGUMENT(name, ...) [OPERAND_##name] = {OPERAND_##name, 'i'},
static const struct argument arguments[OPERAND_COUNT] = {OPERANDS(ARGUMENT)};

enum { NO_OPERAND = OPERAND_COUNT };

#define CLASS(name, ...) [OPERAND_##name] = {.argument_count = 1, .arguments = &arguments[OPERAND_##name]},
static const struct class classes[OPERAND_COUNT + 1] = {OPERANDS(CLASS)};

/*
 * Instructions: name, class, flags, and the bits besides operands and registers
 * (chapter 7, "Opcode Encodings"). ld looks the calls and L32R up by name in
 * order to shorten distant calls: L32R and CALLX8 become CALL8 where the callee
 * is near. Of branches it only rewrites the target, so those with the same
 * operand are one entry here, without bits of its own (0).
 */

enum { BRANCHES = 1, JUMPS = 2, LOOPS = 4, CALLS = 8 };

#define INSTRUCTIONS(X)                            \
  X(l32r, literal, 0, 0x01)                        \
  X(call0, callee, CALLS, 0x05)                    \
  X(call4, callee, CALLS, 0x15)                    \
  X(call8, callee, CALLS, 0x25)                    \
  X(call12, callee, CALLS, 0x35)                   \
  X(j, jump, JUMPS, 0x06)                          \
  X(branch_to_imm12, branch_zero, BRANCHES, 0)     \
  X(branch_to_imm8, branch, BRANCHES, 0)           \
  X(loop_to_imm8, loop_end, LOOPS, 0)              \
  X(branch_to_imm6, branch_narrow, BRANCHES, 0)

/* Calls of an address in a register, which is not an operand to be rewritten. */
#define REGISTER_CALLS(X) \
  X(callx0, 0xc0)         \
  X(callx4, 0xd0)         \
  X(callx8, 0xe0)         \
  X(callx12, 0xf0)

typedef void filler(bits *slot);

#define FILL(name, code) \
  static void fill_##name(bits *slot) { *slot = code; }
#define FILL_INSTRUCTION(name, operand, flags, code) FILL(name, code)
INSTRUCTIONS(FILL_INSTRUCTION)
REGISTER_CALLS(FILL)

struct instruction {
  const char *name;
  int class;
  bits flags;
  filler *const *fill_by_slot;
  int unit_count;
  const void *units;
};

#define NUMBER(name, ...) name,
enum { INSTRUCTIONS(NUMBER) REGISTER_CALLS(NUMBER) INSTRUCTION_COUNT, UNKNOWN = -1 };

/* Only three-byte instructions are written whole, into the wide slot. */
#define FILLERS(name, code) \
  static filler *const fillers_##name[FORMATS] = {code ? fill_##name : NULL, NULL};
#define INSTRUCTION_FILLERS(name, operand, flags, code) FILLERS(name, code)
INSTRUCTIONS(INSTRUCTION_FILLERS)
REGISTER_CALLS(FILLERS)

#define INSTRUCTION(name, operand, flags, code) \
  [name] = {#name, OPERAND_##operand, flags, fillers_##name, 0, NULL},
#define REGISTER_CALL(name, code) [name] = {#name, NO_OPERAND, CALLS, fillers_##name, 0, NULL},
static const struct instruction instructions[INSTRUCTION_COUNT] = {
    INSTRUCTIONS(INSTRUCTION) REGISTER_CALLS(REGISTER_CALL)};

/*
 * Reading instructions (chapter 7, "Opcode Encodings", by op0, then by the
 * fields n, m and r).
 */

/* op0 is SI: J, and the branches and loops with one register. */
static int decode_si(bits n, bits m, bits r) {
  static const int by_n[] = {j, branch_to_imm12, branch_to_imm8};
  if (n < LENGTH(by_n)) {
    return by_n[n];
  }
  switch (m) {
    case 0: /* ENTRY */
      return UNKNOWN;
    case 1: /* B1: BF and BT, then LOOP, LOOPNEZ and LOOPGTZ */
      return r < 2 ? branch_to_imm8 : r >= 8 && r <= 10 ? loop_to_imm8 : UNKNOWN;
    default: /* BLTUI and BGEUI */
      return branch_to_imm8;
  }
}

static int decode_wide(const bits *slot) {
  static const int calls[] = {call0, call4, call8, call12};
  static const int register_calls[] = {callx0, callx4, callx8, callx12};
  bits n = *slot >> 4 & 3, m = *slot >> 6 & 3, r = *slot >> 12 & 15;
  switch (*slot & 15) {
    case 0: /* QRST; CALLX if op1, op2 and r are 0 and m is 3 */
      return *slot >> 12 == 0 && m == 3 ? register_calls[n] : UNKNOWN;
    case 1:
      return l32r;
    case 5:
      return calls[n];
    case 6:
      return decode_si(n, m, r);
    case 7: /* B: the branches with two registers, or a register and a bit */
      return branch_to_imm8;
    default:
      return UNKNOWN;
  }
}

/* op0 is ST2 and bit 7 is set: BEQZ.N and BNEZ.N. */
static int decode_narrow(const bits *slot) {
  return (*slot & 0x8f) == 0x8c ? branch_to_imm6 : UNKNOWN;
}

static void copy_wide(const bits *instruction, bits *slot) { *slot = *instruction & ONES(24); }
static void copy_narrow(const bits *instruction, bits *slot) { *slot = *instruction & ONES(16); }

static void store_wide(bits *instruction, const bits *slot) {
  *instruction = (*instruction & ~ONES(24)) | (*slot & ONES(24));
}

static void store_narrow(bits *instruction, const bits *slot) {
  *instruction = (*instruction & ~ONES(16)) | (*slot & ONES(16));
}

struct slot {
  const char *name, *format;
  int position;
  void (*copy)(const bits *instruction, bits *slot);
  void (*store)(bits *instruction, const bits *slot);
  reader *const *readers;
  writer *const *writers;
  int (*decode)(const bits *slot);
  const char *nop;
};

static const struct slot slots[FORMATS] = {
    [WIDE] = {"wide", "wide", 0, copy_wide, store_wide, wide_readers, wide_writers, decode_wide, "nop"},
    [NARROW] = {"narrow", "narrow", 0, copy_narrow, store_narrow, narrow_readers, narrow_writers,
                decode_narrow, "nop.n"},
};

/*
 * The whole description, which ld looks up by this name. Register files, states,
 * special registers, interfaces and functional units matter to an assembler only,
 * so there are none; the pointers named `found` are ld's own.
 */

struct description {
  int is_big_endian, longest, words;
  int format_count;
  const struct format *formats;
  int (*format_of)(const bits *);
  int (*length_of)(const unsigned char *);
  int slot_count;
  const struct slot *slots;
  int field_count;
  int operand_count;
  const struct operand *operands;
  int class_count;
  const struct class *classes;
  int instruction_count;
  const struct instruction *instructions;
  void *instructions_found;
  int register_file_count;
  const void *register_files;
  int state_count;
  const void *states;
  void *states_found;
  int special_register_count;
  const void *special_registers;
  void *special_registers_found;
  int highest_special_register[2];
  int *special_register_table[2];
  int interface_count;
  const void *interfaces;
  void *interfaces_found;
  int unit_count;
  const void *units;
  void *units_found;
};

struct description xtensa_modules = {
    .longest = 3,
    .format_count = FORMATS,
    .formats = formats,
    .format_of = format_of_word,
    .length_of = length_of,
    .slot_count = FORMATS,
    .slots = slots,
    .field_count = FIELD_COUNT,
    .operand_count = OPERAND_COUNT,
    .operands = operands,
    .class_count = OPERAND_COUNT + 1,
    .classes = classes,
    .instruction_count = INSTRUCTION_COUNT,
    .instructions = instructions,
};

/*
 * The processor's options, numbers in the order of `struct xtensa_config_v1`;
 * the others are 0. Literals are in their own sections between the code, as LLVM
 * writes them and L32R, which is relative, needs them.
 */
enum {
  CODE_DENSITY = 1,
  HAS_L32R = 5,
  LITERALS_IN_TEXT = 7,
  HAS_LOOPS = 16,
  REGISTER_WINDOWS = 32,
  PHYSICAL_REGISTERS = 33,
  LONGEST_INSTRUCTION = 49,
  FETCH_BYTES = 50,
  WINDOWED_ABI = 52,
  ABI_WITHOUT_WINDOWS = 53,
};

const int xtensa_config_v1[64] = {
    [CODE_DENSITY] = 1,         [HAS_L32R] = 1,      [LITERALS_IN_TEXT] = 1,
    [HAS_LOOPS] = 1,            [REGISTER_WINDOWS] = 1, [PHYSICAL_REGISTERS] = 64,
    [LONGEST_INSTRUCTION] = 3,  [FETCH_BYTES] = 4,   [ABI_WITHOUT_WINDOWS] = 1,
};

/* Releases of the processor in `struct xtensa_config_v2`: LX6 and later. */
const int xtensa_config_v2[16] = {3, 260003, 260003};
