//! Bytes that cross the boundary, and memory that goes back to the system.

use crate::boundary;
use crate::error::Failure;

/// Frees bytes that another export returned.
///
/// Ownership: takes the bytes; exactly the pointer and the length that were returned, once. NULL is ignored.
/// Errors: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_bytes_free(bytes: *mut u8, len: usize) {
    boundary::silent((), || {
        if !bytes.is_null() {
            // SAFETY: the caller hands back what `give` made: a boxed slice of this length, not freed before.
            drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes, len)) });
        }
    })
}

/// Makes bytes the caller's. No bytes are NULL, so that a result without content needs no freeing.
pub(crate) fn give(bytes: Vec<u8>) -> (*mut u8, usize) {
    if bytes.is_empty() {
        return (std::ptr::null_mut(), 0);
    }
    let len = bytes.len();
    (Box::into_raw(bytes.into_boxed_slice()).cast(), len)
}

/// Looks at an input. NULL with length 0 is an empty input.
///
/// # Safety
/// `bytes` is NULL or points to `len` bytes that nobody changes while the result is in use.
pub(crate) unsafe fn input<'a>(name: &str, bytes: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() {
        return Err(Failure::null(name));
    }
    if isize::try_from(len).is_err() {
        let message = format!("{name} cannot be {len} bytes long; pass the length of the buffer");
        return Err(Failure::invalid_argument("LengthOutOfRange", message).about(name));
    }
    // SAFETY: not NULL, of a possible length, and valid for reading by this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(bytes, len) })
}

/// Gives freed memory back to the system. A plan over hundreds of thousands of people leaves gigabytes free but kept in
/// the arenas of the threads that worked on it, and the library lives in an administrator's shell for days.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim has no preconditions and locks what it works on.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    /// Pages that this process holds.
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn freed_memory_goes_back_to_the_system() {
        let before = resident();
        let mut records: Vec<Option<Box<[u8; 1000]>>> = (0..100_000).map(|_| Some(Box::new([1; 1000]))).collect();
        let full = resident() - before;
        // What stays pins the heap, as a small result does that outlives big work.
        records.iter_mut().enumerate().filter(|(index, _)| index % 100 != 99).for_each(|(_, record)| *record = None);
        super::give_back();
        let rest = resident().saturating_sub(before);
        assert!(rest < full / 3, "{rest} of {full} pages are still held");
    }
}
