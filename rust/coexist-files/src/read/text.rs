//! A small file as one text.

use super::decode::{self, Decoder, Form};
use super::fault;
use coexist_core::problem::{Category, Problem};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Reads a small text file (a specification, a map, `tenant.json`), UTF-8 or UTF-16, and gives its text and the SHA-256 of its bytes in hexadecimal.
///
/// # Errors
/// `FileNotFound`, `FileUnreadable`, `InvalidEncoding`.
pub fn read_text(path: &Path) -> Result<(String, String), Problem> {
    let bytes = fs::read(path).map_err(|error| fault::unreadable(path, &error))?;
    let fingerprint = hexadecimal(Sha256::digest(&bytes).as_slice());
    let (form, mark) = decode::sniff(&bytes);
    let text = match form {
        Form::Utf8 => String::from_utf8(bytes[mark..].to_vec()).ok(),
        Form::Utf16(encoding) => {
            let mut text = Vec::new();
            Decoder::new(encoding).push(&bytes[mark..], true, &mut text);
            String::from_utf8(text).ok()
        }
        Form::Other(_) => None,
    };
    let text = text.ok_or_else(|| {
        let name = path.display().to_string();
        let message = format!("'{name}' is neither UTF-8 nor UTF-16, and a code page is never guessed; save it again as UTF-8.");
        Problem::new("InvalidEncoding", Category::InvalidData, message).about(name)
    })?;
    Ok((text, fingerprint))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_give_the_same_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("coexist.json");
        let text = "{\"name\":\"Zoë 😀\"}";
        let units = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let variants = [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe".to_vec(), units(u16::to_le_bytes)].concat(),
            [b"\xfe\xff".to_vec(), units(u16::to_be_bytes)].concat(),
            units(u16::to_le_bytes),
        ];
        for bytes in variants {
            fs::write(&path, &bytes).unwrap();
            let (read, fingerprint) = read_text(&path).unwrap();
            assert_eq!(read, text);
            assert_eq!(fingerprint, hexadecimal(Sha256::digest(&bytes).as_slice()));
        }
        for bytes in [&b"Zo\xeb"[..], b"\xff\xfe\0\xd8", b"\xff\xfe\0\0{\0\0\0"] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path).unwrap_err().code, "InvalidEncoding");
        }
        assert_eq!(read_text(folder.path()).unwrap_err().code, "FileUnreadable");
        assert_eq!(read_text(&folder.path().join("none")).unwrap_err().code, "FileNotFound");
    }
}
