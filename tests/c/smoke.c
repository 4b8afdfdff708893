/*
 * Every export of coexist.h from C: what works, what is refused, and that nothing leaks (run.sh runs this under valgrind).
 * Tests the boundary, not the operations; those are tested where they live.
 */

#include "coexist.h"

#include <stdio.h>
#include <string.h>

static int passed, failed;

static void check(int good, const char *what, int line) {
    if (good) {
        passed++;
    } else {
        failed++;
        printf("FAILED smoke.c:%d: %s\n", line, what);
    }
}
#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

/* The output of the latest call. */
static uint8_t *out;
static size_t out_len;
#define OUT &out, &out_len

static void drop(void) {
    coexist_bytes_free(out, out_len);
    out = NULL;
    out_len = 0;
}

static int out_has(const char *text) {
    size_t len = strlen(text);
    for (size_t at = 0; len > 0 && at + len <= out_len; at++) {
        if (memcmp(out + at, text, len) == 0) {
            return 1;
        }
    }
    return len == 0;
}

static void expect(int32_t status, int32_t wanted, const char *text, int line) {
    char what[2048];
    snprintf(what, sizeof what, "status %d with \"%s\", got %d: %.*s", (int)wanted, text, (int)status, (int)out_len, out ? (const char *)out : "");
    int whole = (out == NULL) == (out_len == 0) && (status != COEXIST_PENDING || out == NULL);
    check(status == wanted && out_has(text) && whole, what, line);
    drop();
}
/* The call returns this status, and an output that has this text in it. */
#define EXPECT(call, wanted, text) expect(call, wanted, text, __LINE__)

#define TEXT(text) (const uint8_t *)(text), strlen(text)

/* Waits through PENDING. */
static int32_t wait_next(coexist_job *job) {
    for (int i = 0; i < 150; i++) {
        int32_t status = coexist_job_wait(job, 200, OUT);
        if (status != COEXIST_PENDING) {
            return status;
        }
    }
    return COEXIST_PENDING;
}

/* Waits for the end. */
static int32_t wait_end(coexist_job *job) {
    int32_t status;
    while ((status = wait_next(job)) == COEXIST_EVENT) {
        drop();
    }
    return status;
}

static coexist_job *start(coexist_engine *engine, const char *request) {
    coexist_job *job = NULL;
    EXPECT(coexist_job_start(engine, TEXT(request), &job, OUT), COEXIST_OK, "");
    return job;
}

static void version(void) {
    CHECK(coexist_abi_version() == COEXIST_ABI_VERSION);
    CHECK(strncmp(coexist_version(), "coexist/", 8) == 0);
}

static void nulls(coexist_engine *engine) {
    coexist_job *job = (coexist_job *)&passed;
    uint64_t secret = 9;

    coexist_bytes_free(NULL, 0);
    coexist_engine_free(NULL);
    coexist_job_cancel(NULL);
    coexist_job_free(NULL);

    CHECK(coexist_call(engine, TEXT("{}"), NULL, NULL) == COEXIST_INVALID_ARGUMENT);
    EXPECT(coexist_engine_new(NULL, OUT), COEXIST_INVALID_ARGUMENT, "NullArgument");
    EXPECT(coexist_call(NULL, TEXT("{}"), OUT), COEXIST_INVALID_ARGUMENT, "engine");
    EXPECT(coexist_call(engine, NULL, 1, OUT), COEXIST_INVALID_ARGUMENT, "request");
    EXPECT(coexist_job_start(NULL, TEXT("{}"), &job, OUT), COEXIST_INVALID_ARGUMENT, "engine");
    CHECK(job == NULL);
    EXPECT(coexist_job_start(engine, TEXT("{}"), NULL, OUT), COEXIST_INVALID_ARGUMENT, "NullArgument");
    EXPECT(coexist_job_wait(NULL, 0, OUT), COEXIST_INVALID_ARGUMENT, "job");
    EXPECT(coexist_job_answer(NULL, TEXT("{}"), OUT), COEXIST_INVALID_ARGUMENT, "job");
    EXPECT(coexist_secret_new(NULL, TEXT("s"), &secret, OUT), COEXIST_INVALID_ARGUMENT, "engine");
    CHECK(secret == 0);
    EXPECT(coexist_secret_free(NULL, 1, OUT), COEXIST_INVALID_ARGUMENT, "engine");
}

static void bad_requests(coexist_engine *engine) {
    coexist_job *job = NULL;
    EXPECT(coexist_call(engine, NULL, 0, OUT), COEXIST_INVALID_JSON, "\"category\":\"InvalidData\"");
    EXPECT(coexist_call(engine, TEXT("{\"call\":"), OUT), COEXIST_INVALID_JSON, "InvalidJson");
    EXPECT(coexist_call(engine, TEXT("\xff"), OUT), COEXIST_INVALID_UTF8, "InvalidUtf8");
    EXPECT(coexist_call(engine, TEXT("{\"call\":\"nothing\"}"), OUT), COEXIST_INVALID_ARGUMENT, "UnknownOperation");
    EXPECT(coexist_job_start(engine, TEXT("{\"job\":\"nothing\"}"), &job, OUT), COEXIST_INVALID_ARGUMENT, "it knows: ");
    EXPECT(coexist_job_start(engine, TEXT("\x80"), &job, OUT), COEXIST_INVALID_UTF8, "InvalidUtf8");
    CHECK(job == NULL);
}

static void derivations(void) {
    EXPECT(coexist_immutable_id_to(TEXT("6f9619ff-8b86-4011-b42d-00c04fc964ff"), OUT), COEXIST_OK, "/xmWb4aLEUC0LQDAT8lk/w==\x1f");
    EXPECT(coexist_immutable_id_from(TEXT("/xmWb4aLEUC0LQDAT8lk/w=="), OUT), COEXIST_OK, "6f9619ff-8b86-4011-b42d-00c04fc964ff\x1f");
    EXPECT(coexist_x500_to(TEXT("/o=Contoso/cn=J\xc3\xbcrg"), OUT), COEXIST_OK, "X500:/o=Contoso/cn=J\xc3\xbcrg\x1f");
    EXPECT(coexist_imceaex_to(TEXT("/o=Contoso/cn=anna\x1f" "contoso.com"), OUT), COEXIST_OK, "IMCEAEX-_o=Contoso_cn=anna@contoso.com\x1f");

    EXPECT(coexist_immutable_id_to(NULL, 0, OUT), COEXIST_VALIDATION, "AnchorMissing");
    EXPECT(coexist_immutable_id_from(TEXT("nobody"), OUT), COEXIST_VALIDATION, "\"target\":\"nobody\"");
    EXPECT(coexist_x500_to(TEXT("anna@contoso.com"), OUT), COEXIST_VALIDATION, "X500NotRecognized");
    EXPECT(coexist_imceaex_to(TEXT("\xff"), OUT), COEXIST_INVALID_UTF8, "InvalidUtf8");
    EXPECT(coexist_imceaex_to(NULL, 5, OUT), COEXIST_INVALID_ARGUMENT, "NullArgument");
}

static void secrets(coexist_engine *engine) {
    uint64_t secret = 0;
    EXPECT(coexist_secret_new(engine, NULL, 0, &secret, OUT), COEXIST_INVALID_ARGUMENT, "SecretEmpty");
    CHECK(secret == 0);
    EXPECT(coexist_secret_new(engine, (const uint8_t *)"pass\0word", 9, &secret, OUT), COEXIST_OK, "");
    CHECK(secret != 0);
    EXPECT(coexist_secret_free(engine, secret + 1000, OUT), COEXIST_INVALID_HANDLE, "UnknownSecret");
    EXPECT(coexist_secret_free(engine, secret, OUT), COEXIST_OK, "");
    EXPECT(coexist_secret_free(engine, secret, OUT), COEXIST_INVALID_HANDLE, "UnknownSecret");
    EXPECT(coexist_secret_new(engine, TEXT("left for the engine"), &secret, OUT), COEXIST_OK, "");
}

/* Needs the cargo feature test-abi: an operation that panics, one that counts. */
static void panics(coexist_engine *engine) {
    EXPECT(coexist_call(engine, TEXT("{\"call\":\"test.echo\",\"value\":{\"a\":\"\\u00fc\"}}"), OUT), COEXIST_OK, "{\"a\":\"\xc3\xbc\"}");
    EXPECT(coexist_call(engine, TEXT("{\"call\":\"test.echo\",\"value\":1,\"more\":2}"), OUT), COEXIST_INVALID_JSON, "more");
    EXPECT(coexist_call(engine, TEXT("{\"call\":\"test.echo\",\"value\":1,\"panic\":true}"), OUT), COEXIST_PANIC, "test_echo.rs:");
    EXPECT(coexist_call(engine, TEXT("{\"call\":\"test.echo\",\"value\":1}"), OUT), COEXIST_OK, "1");

    coexist_job *job = start(engine, "{\"job\":\"test.count\",\"to\":5,\"panic_at\":3}");
    EXPECT(wait_end(job), COEXIST_PANIC, "asked to panic at 3 (at ");
    EXPECT(wait_next(job), COEXIST_PANIC, "report this text");
    coexist_job_free(job);
}

static void jobs(coexist_engine *engine) {
    coexist_job *job = NULL;
    EXPECT(coexist_job_start(engine, TEXT("{\"job\":\"test.count\"}"), &job, OUT), COEXIST_INVALID_JSON, "missing field");
    CHECK(job == NULL);

    /* To the end, and the end again. */
    job = start(engine, "{\"job\":\"test.count\",\"to\":3}");
    EXPECT(wait_end(job), COEXIST_DONE, "\"counted\":3");
    EXPECT(coexist_job_wait(job, 0, OUT), COEXIST_DONE, "\"counted\":3");
    coexist_job_cancel(job);
    EXPECT(coexist_job_wait(job, 0, OUT), COEXIST_DONE, "\"counted\":3");
    coexist_job_free(job);

    /* More events than the queue holds. */
    job = start(engine, "{\"job\":\"test.count\",\"to\":500,\"emit\":true}");
    int events = 0;
    int32_t status;
    while ((status = wait_next(job)) == COEXIST_EVENT) {
        events += out_has("\"event\":\"number\"");
        drop();
    }
    EXPECT(status, COEXIST_DONE, "\"counted\":500");
    CHECK(events == 500);
    coexist_job_free(job);

    /* A question, nonsense for an answer, an answer. */
    job = start(engine, "{\"job\":\"test.count\",\"to\":1,\"ask\":true}");
    EXPECT(wait_next(job), COEXIST_EVENT, "{\"event\":\"ask\",\"id\":1,\"question\":\"count\",");
    EXPECT(coexist_job_wait(job, 10, OUT), COEXIST_PENDING, "");
    EXPECT(coexist_job_answer(job, TEXT("yes"), OUT), COEXIST_INVALID_JSON, "InvalidJson");
    EXPECT(coexist_job_answer(job, TEXT("\xc3"), OUT), COEXIST_INVALID_UTF8, "InvalidUtf8");
    EXPECT(coexist_job_answer(job, TEXT("{\"id\":2,\"answer\":1}"), OUT), COEXIST_INVALID_ARGUMENT, "NoSuchQuestion");
    EXPECT(coexist_job_answer(job, TEXT("{\"id\":1,\"answer\":\"yes\"}"), OUT), COEXIST_OK, "");
    EXPECT(wait_end(job), COEXIST_DONE, "\"answer\":\"yes\"");
    coexist_job_free(job);

    /* Cancelled twice, in the middle. */
    job = start(engine, "{\"job\":\"test.count\",\"to\":100000,\"sleep_ms\":5}");
    EXPECT(wait_next(job), COEXIST_EVENT, "\"event\":\"progress\"");
    coexist_job_cancel(job);
    coexist_job_cancel(job);
    EXPECT(wait_end(job), COEXIST_CANCELLED, "OperationStopped");
    coexist_job_free(job);

    /* Freed in the middle, and while it asks. */
    coexist_job_free(start(engine, "{\"job\":\"test.count\",\"to\":100000,\"sleep_ms\":5}"));
    coexist_job_free(start(engine, "{\"job\":\"test.count\",\"to\":1,\"ask\":true}"));

    /* A secret crosses by number. */
    uint64_t secret = 0;
    char request[128];
    EXPECT(coexist_secret_new(engine, TEXT("sesame"), &secret, OUT), COEXIST_OK, "");
    snprintf(request, sizeof request, "{\"job\":\"test.count\",\"to\":0,\"secret\":%lu}", (unsigned long)secret);
    job = start(engine, request);
    EXPECT(wait_end(job), COEXIST_DONE, "\"secret\":6");
    coexist_job_free(job);
    EXPECT(coexist_secret_free(engine, secret, OUT), COEXIST_OK, "");
    job = start(engine, request);
    EXPECT(wait_end(job), COEXIST_INVALID_HANDLE, "UnknownSecret");
    coexist_job_free(job);
}

/* Jobs outlive their engine as handles, cancelled. */
static void engine_goes_first(void) {
    coexist_engine *engine = NULL;
    EXPECT(coexist_engine_new(&engine, OUT), COEXIST_OK, "");
    coexist_job *waiting = start(engine, "{\"job\":\"test.count\",\"to\":1,\"ask\":true}");
    coexist_job *slow = start(engine, "{\"job\":\"test.count\",\"to\":20,\"sleep_ms\":10,\"stubborn\":true}");
    coexist_engine_free(engine);
    EXPECT(wait_end(waiting), COEXIST_CANCELLED, "Cancelled");
    EXPECT(wait_end(slow), COEXIST_DONE, "\"counted\":20");
    coexist_job_free(slow);
    coexist_job_free(waiting);
}

/* Whether the library was built with the cargo feature test-abi. */
static int has_test_abi(coexist_engine *engine) {
    int has = coexist_call(engine, TEXT("{\"call\":\"test.echo\",\"value\":1}"), OUT) == COEXIST_OK;
    drop();
    return has;
}

int main(void) {
    coexist_engine *engine = NULL;
    version();
    EXPECT(coexist_engine_new(&engine, OUT), COEXIST_OK, "");
    nulls(engine);
    bad_requests(engine);
    derivations();
    secrets(engine);
    if (has_test_abi(engine)) {
        panics(engine);
        jobs(engine);
        engine_goes_first();
    } else {
        printf("not run: panics and jobs (the library was built without --features test-abi)\n");
    }
    coexist_engine_free(engine);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
