/*
 * coexist.h: the C ABI of Coexist.
 *
 * Generated from rust/coexist-ffi; never edit it. To write it anew:
 *     COEXIST_WRITE_HEADER=1 cargo test -p coexist-ffi --test header
 *
 * The contract is cbindings/README.md. In short: input is pointer and length, UTF-8, NULL with length 0 is empty;
 * output is NULL/0 until there is some, and the caller's to free with coexist_bytes_free; every status above
 * COEXIST_EVENT comes with an error object (JSON) as output. A panic comes back as COEXIST_PANIC.
 */

#ifndef COEXIST_H
#define COEXIST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif


/* ---- Version ------------------------------------------------------------------------------------------------------- */

// Changes whenever an existing export, status or field changes its meaning.
#define COEXIST_ABI_VERSION 1

// Returns COEXIST_ABI_VERSION as the library was built with it; compare before calling anything else.
//
// Ownership: nothing to free.
// Errors: none.
// Threads: any.
uint32_t coexist_abi_version(void);

// Returns the name and version of the library as NUL-terminated text, such as "coexist/0.1.0".
//
// Ownership: the text is static; never free it.
// Errors: none.
// Threads: any.
const char *coexist_version(void);


/* ---- Status: what exports return ----------------------------------------------------------------------------------- */

// Done: the output holds the result.
#define COEXIST_OK 0

// Wait: nothing happened within the timeout; the output is NULL.
#define COEXIST_PENDING 1

// Wait: the job has ended well; the output holds its result, again at every later wait.
#define COEXIST_DONE 2

// Wait: the output holds one event.
#define COEXIST_EVENT 3

// A NULL that may not be, a number out of range, an unknown operation.
#define COEXIST_INVALID_ARGUMENT 10

// The input is not UTF-8.
#define COEXIST_INVALID_UTF8 11

// The input is not the JSON that the operation takes.
#define COEXIST_INVALID_JSON 12

// An unknown secret.
#define COEXIST_INVALID_HANDLE 13

// Another thread is waiting on this job.
#define COEXIST_BUSY 14

// The value is not what the operation derives from.
#define COEXIST_VALIDATION 20

// What is there already forbids it.
#define COEXIST_CONFLICT 21

// A file or folder is missing.
#define COEXIST_NOT_FOUND 22

// Reading or writing failed.
#define COEXIST_IO 23

// A service refused, or was not reached.
#define COEXIST_SERVICE 30

// The job was cancelled.
#define COEXIST_CANCELLED 40

// A defect of Coexist: report it.
#define COEXIST_PANIC 90

// A defect of Coexist: report it.
#define COEXIST_INTERNAL 91


/* ---- Memory -------------------------------------------------------------------------------------------------------- */

// Frees bytes that another export returned.
//
// Ownership: takes the bytes; exactly the pointer and the length that were returned, once. NULL is ignored.
// Errors: none.
// Threads: any.
void coexist_bytes_free(uint8_t *bytes, size_t len);


/* ---- Derivations: delimited text in and out, no engine needed ------------------------------------------------------ */

// Derives an ImmutableId and its other forms from the anchor of an on-premises object.
//
// Fields in: Value, ConsistencyGuid, ObjectGuid, Known.
// Fields out: ImmutableId, Guid, Anchor, AnchorsDiffer, Hex, LdapFilter, ConnectorDn, Notes.
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
// Threads: any.
int32_t coexist_immutable_id_to(const uint8_t *fields, size_t fields_len, uint8_t **out, size_t *out_len);

// Reads an ImmutableId in any form, and returns the object's GUID and its other forms.
//
// Fields in: Value.
// Fields out: Guid, ImmutableId, Form, Hex, LdapFilter, ConnectorDn, Notes.
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
// Threads: any.
int32_t coexist_immutable_id_from(const uint8_t *fields, size_t fields_len, uint8_t **out, size_t *out_len);

// Derives an X500 address from a LegacyExchangeDN, an X500 address or an IMCEAEX address.
//
// Fields in: Value, Lenient.
// Fields out: X500, LegacyExchangeDN, Imceaex, Domain, Notes.
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
// Threads: any.
int32_t coexist_x500_to(const uint8_t *fields, size_t fields_len, uint8_t **out, size_t *out_len);

// Derives the IMCEAEX address that stands for a LegacyExchangeDN or an X500 address in a domain.
//
// Fields in: Value, Domain.
// Fields out: Imceaex, X500, LegacyExchangeDN, Notes.
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL), INVALID_UTF8, VALIDATION.
// Threads: any.
int32_t coexist_imceaex_to(const uint8_t *fields, size_t fields_len, uint8_t **out, size_t *out_len);


/* ---- The engine ---------------------------------------------------------------------------------------------------- */

// The threads, secrets and jobs of one user of the library.
typedef struct coexist_engine coexist_engine;

// Makes an engine, which jobs, secrets and quick questions belong to.
//
// Ownership: the caller frees the engine with coexist_engine_free.
// Errors: INVALID_ARGUMENT (NULL).
// Threads: any; one engine serves any number of threads.
int32_t coexist_engine_new(coexist_engine **engine, uint8_t **out, size_t *out_len);

// Cancels the jobs of an engine, wipes its secrets and frees it, within about half a second.
//
// Ownership: takes the engine; its job handles stay valid until freed. NULL is ignored.
// Errors: none.
// Threads: any, when no other thread is in a call with this engine.
void coexist_engine_free(coexist_engine *engine);


/* ---- Secrets ------------------------------------------------------------------------------------------------------- */

// Copies raw bytes into memory that is wiped when freed, and returns a number that requests may name.
//
// Ownership: the caller keeps `bytes` and wipes them; frees the number with coexist_secret_free, or lets the engine do it.
// Errors: INVALID_ARGUMENT (NULL, no bytes).
// Threads: any.
int32_t coexist_secret_new(coexist_engine *engine,
                           const uint8_t *bytes,
                           size_t len,
                           uint64_t *secret,
                           uint8_t **out,
                           size_t *out_len);

// Wipes a secret and forgets its number.
//
// Ownership: the number is spent.
// Errors: INVALID_ARGUMENT (NULL), INVALID_HANDLE (no such secret in this engine).
// Threads: any.
int32_t coexist_secret_free(coexist_engine *engine, uint64_t secret, uint8_t **out, size_t *out_len);


/* ---- Quick questions: JSON in and out ------------------------------------------------------------------------------ */

// Answers a quick question; the request names its operation in "call".
//
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL, unknown operation), INVALID_UTF8, INVALID_JSON, and those of the operation.
// Threads: any.
int32_t coexist_call(coexist_engine *engine,
                     const uint8_t *request,
                     size_t request_len,
                     uint8_t **out,
                     size_t *out_len);


/* ---- Jobs: slow operations, watched from outside ------------------------------------------------------------------- */

// One piece of work and its conversation with the host.
typedef struct coexist_job coexist_job;

// Starts the operation that the request names, and returns a handle on it at once.
//
// Ownership: the caller frees the job with coexist_job_free.
// Errors: INVALID_ARGUMENT (NULL, unknown operation), INVALID_UTF8, INVALID_JSON.
// Threads: any.
int32_t coexist_job_start(coexist_engine *engine,
                          const uint8_t *request,
                          size_t request_len,
                          coexist_job **job,
                          uint8_t **out,
                          size_t *out_len);

// Waits until the job has an event (EVENT) or has ended (DONE or its error), timeout_ms and 200 ms at most (PENDING).
//
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL), BUSY (another thread is waiting), CANCELLED, PANIC, and those of the operation.
// Threads: any, one at a time.
int32_t coexist_job_wait(coexist_job *job, uint32_t timeout_ms, uint8_t **out, size_t *out_len);

// Answers a question that the job asked by an event: {"id":1,"answer":...}.
//
// Ownership: the caller frees the output with coexist_bytes_free.
// Errors: INVALID_ARGUMENT (NULL, no such open question), INVALID_UTF8, INVALID_JSON.
// Threads: any.
int32_t coexist_job_answer(coexist_job *job, const uint8_t *answer, size_t answer_len, uint8_t **out, size_t *out_len);

// Asks the job to stop; it ends soon with CANCELLED, or as it would have when it was already ending.
//
// Ownership: the caller keeps the job. NULL is ignored.
// Errors: none; cancelling again, or after the end, does nothing.
// Threads: any, also while another thread waits.
void coexist_job_cancel(coexist_job *job);

// Cancels the job if it still runs, waits for it half a second at most, and frees the handle.
//
// Ownership: takes the job. NULL is ignored.
// Errors: none.
// Threads: any.
void coexist_job_free(coexist_job *job);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* COEXIST_H */
