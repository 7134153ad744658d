// A stand-in for Node-API: as much of it as the addon calls when it is registered and read, over
// values that are never freed. A function that the addon links but that nothing here should reach
// ends the program with its name.
#ifndef THREADMETER_TEST_NODE_API_H_
#define THREADMETER_TEST_NODE_API_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, GENERIC_FAILURE = 9, FLOAT64_ARRAY = 8, MAX_ELEMENTS = 64, MAX_PROPERTIES = 32 };
enum { TYPE_NUMBER = 3, TYPE_STRING = 4 };

typedef struct Value* (*Callback)(void* env, void* call);
typedef void (*Finalizer)(void* env, void* data, void* hint);

// A JavaScript value of any kind; never freed, the process is short.
typedef struct Value {
  double number;
  const char* text;
  double* floats;
  size_t length;
  struct Value* elements[MAX_ELEMENTS];
  Callback function;
  void* data;
  Finalizer finalizer;
  void* hint;
} Value;

typedef struct {
  void* instance_data;
  const char* names[MAX_PROPERTIES];
  Value* values[MAX_PROPERTIES];
  int properties;
  double scratch[16];
} Environment;

typedef struct {
  Value* arguments[4];
  size_t count;
  void* data;
} Call;

static Value* New(void) { return calloc(1, sizeof(Value)); }

static Value* Number(double number) {
  Value* value = New();
  value->number = number;
  return value;
}

static Value* Text(const char* text) {
  Value* value = New();
  value->text = text;
  return value;
}

static Value* Floats(double* floats, size_t length) {
  Value* value = New();
  value->floats = floats;
  value->length = length;
  return value;
}

#define NODE_API __attribute__((visibility("default"))) int

NODE_API napi_set_instance_data(Environment* env, void* data, void* finalize, void* hint) {
  (void)finalize, (void)hint;
  env->instance_data = data;
  return OK;
}

NODE_API napi_get_instance_data(Environment* env, void** data) {
  *data = env->instance_data;
  return OK;
}

NODE_API napi_create_double(void* env, double number, Value** result) {
  (void)env;
  *result = Number(number);
  return OK;
}

NODE_API napi_get_boolean(void* env, bool value, Value** result) {
  return napi_create_double(env, value, result);
}

NODE_API napi_get_undefined(void* env, Value** result) {
  return napi_create_double(env, 0, result);
}

NODE_API napi_create_string_utf8(void* env, const char* text, size_t length, Value** result) {
  (void)env;
  *result = Text(length == SIZE_MAX ? strdup(text) : strndup(text, length));
  return OK;
}

NODE_API napi_create_array_with_length(void* env, size_t length, Value** result) {
  (void)env;
  *result = New();
  (*result)->length = length;
  return OK;
}

NODE_API napi_set_element(void* env, Value* array, uint32_t index, Value* value) {
  (void)env;
  if (index >= MAX_ELEMENTS) return GENERIC_FAILURE;
  array->elements[index] = value;
  return OK;
}

NODE_API napi_create_function(void* env, const char* name, size_t length, Callback function,
                              void* data, Value** result) {
  (void)env, (void)name, (void)length;
  *result = New();
  (*result)->function = function;
  (*result)->data = data;
  return OK;
}

// The only object that gets properties is the exports object.
NODE_API napi_set_named_property(Environment* env, Value* object, const char* name, Value* value) {
  (void)object;
  if (env->properties == MAX_PROPERTIES) return GENERIC_FAILURE;
  env->names[env->properties] = strdup(name);
  env->values[env->properties++] = value;
  return OK;
}

NODE_API napi_get_cb_info(void* env, Call* call, size_t* count, Value** arguments, Value** receiver,
                          void** data) {
  (void)env;
  if (arguments != NULL) memcpy(arguments, call->arguments, call->count * sizeof(Value*));
  if (count != NULL) *count = call->count;
  if (receiver != NULL) *receiver = NULL;
  if (data != NULL) *data = call->data;
  return OK;
}

NODE_API napi_get_typedarray_info(void* env, Value* value, int* type, size_t* length, void** data,
                                  Value** buffer, size_t* offset) {
  (void)env, (void)buffer, (void)offset;
  if (type != NULL) *type = FLOAT64_ARRAY;
  if (length != NULL) *length = value->length;
  if (data != NULL) *data = value->floats;
  return OK;
}

NODE_API napi_create_external_arraybuffer(void* env, void* data, size_t bytes, Finalizer finalizer,
                                          void* hint, Value** result) {
  (void)env;
  *result = Floats(data, bytes / sizeof(double));
  (*result)->finalizer = finalizer;
  (*result)->hint = hint;
  return OK;
}

// As a garbage collection does.
static void Collect(Environment* env, Value* buffer) {
  buffer->finalizer(env, buffer->floats, buffer->hint);
}

NODE_API napi_typeof(void* env, const Value* value, int* type) {
  (void)env;
  *type = value->text == NULL ? TYPE_NUMBER : TYPE_STRING;
  return OK;
}

#define NUMBER_GETTER(name, type)                              \
  NODE_API name(void* env, const Value* value, type* result) { \
    (void)env;                                                 \
    *result = (type)value->number;                             \
    return OK;                                                 \
  }
NUMBER_GETTER(napi_get_value_bool, bool)
NUMBER_GETTER(napi_get_value_double, double)
NUMBER_GETTER(napi_get_value_int32, int32_t)
NUMBER_GETTER(napi_get_value_uint32, uint32_t)
NUMBER_GETTER(napi_get_value_int64, int64_t)

NODE_API napi_get_value_string_utf8(void* env, const Value* value, char* buffer, size_t size,
                                    size_t* length) {
  (void)env;
  if (buffer != NULL) snprintf(buffer, size, "%s", value->text);
  if (length != NULL) *length = strlen(value->text);
  return OK;
}

NODE_API napi_create_reference(void* env, Value* value, uint32_t count, Value** reference) {
  (void)env, (void)count;
  *reference = value;
  return OK;
}

NODE_API napi_add_env_cleanup_hook(void* env, void* hook, void* data) {
  (void)env, (void)hook, (void)data;
  return OK;
}

NODE_API napi_get_uv_event_loop(void* env, void** loop) {
  (void)env, (void)loop;
  return GENERIC_FAILURE;
}

// Linked but not called on the way through this program; a call ends it by name.
#define UNUSED(name)                                 \
  NODE_API name(void) {                              \
    fprintf(stderr, "unexpected call: " #name "\n"); \
    abort();                                         \
  }
UNUSED(napi_call_function)
UNUSED(napi_call_threadsafe_function)
UNUSED(napi_close_handle_scope)
UNUSED(napi_create_error)
UNUSED(napi_create_object)
UNUSED(napi_create_threadsafe_function)
UNUSED(napi_create_type_error)
UNUSED(napi_define_properties)
UNUSED(napi_delete_reference)
UNUSED(napi_fatal_error)
UNUSED(napi_get_and_clear_last_exception)
UNUSED(napi_get_last_error_info)
UNUSED(napi_get_property)
UNUSED(napi_get_reference_value)
UNUSED(napi_has_property)
UNUSED(napi_is_exception_pending)
UNUSED(napi_open_handle_scope)
UNUSED(napi_throw)
UNUSED(napi_unref_threadsafe_function)

#endif  // THREADMETER_TEST_NODE_API_H_
