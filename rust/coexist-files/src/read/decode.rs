//! Encodings: UTF-8 as it is, UTF-16 (Out-File and Export-Csv of Windows PowerShell) turned into UTF-8. A code page is never guessed.

use encoding_rs::{DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// How a file is encoded, from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Utf8,
    Utf16(&'static Encoding),
    /// Nothing that Coexist reads; its name.
    Other(&'static str),
}

/// How many first bytes are looked at.
pub(super) const SNIFFED: usize = 4;

/// The encoding and how long its mark is.
pub(super) fn sniff(head: &[u8]) -> (Form, usize) {
    match head {
        [0xff, 0xfe, 0, 0, ..] => (Form::Other("UTF-32"), 4),
        [0, 0, 0xfe, 0xff, ..] => (Form::Other("UTF-32"), 4),
        [0x2b, 0x2f, 0x76, 0x38 | 0x39 | 0x2b | 0x2f, ..] => (Form::Other("UTF-7"), 4),
        [0xef, 0xbb, 0xbf, ..] => (Form::Utf8, 3),
        [0xff, 0xfe, ..] => (Form::Utf16(UTF_16LE), 2),
        [0xfe, 0xff, ..] => (Form::Utf16(UTF_16BE), 2),
        // Without a mark: JSON and CSV both begin with an ASCII character.
        [1..=0x7f, 0, ..] => (Form::Utf16(UTF_16LE), 0),
        [0, 1..=0x7f, ..] => (Form::Utf16(UTF_16BE), 0),
        _ => (Form::Utf8, 0),
    }
}

/// What stands in place of what is no UTF-16: a byte that no UTF-8 has, so that its record is refused like one with bad UTF-8.
const NO_CHARACTER: u8 = 0xff;

/// Turns UTF-16 into UTF-8, piece by piece.
pub(super) struct Decoder(encoding_rs::Decoder);

impl Decoder {
    pub(super) fn new(encoding: &'static Encoding) -> Self {
        Decoder(encoding.new_decoder_without_bom_handling())
    }

    /// Appends the text of the next bytes; `last` after the last ones.
    pub(super) fn push(&mut self, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        loop {
            let start = out.len();
            // Three bytes for each unit, and a little for what the decoder holds back.
            out.resize(start + bytes.len() / 2 * 3 + 16, 0);
            let (result, read, written) = self.0.decode_to_utf8_without_replacement(bytes, &mut out[start..], last);
            out.truncate(start + written);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(NO_CHARACTER),
            }
        }
    }
}

/// True for text that came out of a UTF-16 decoder but was 8-bit text: read as pairs of bytes, ASCII gives CJK.
pub(super) fn was_eight_bit(text: &str, encoding: &'static Encoding) -> bool {
    let mut units = text.encode_utf16().take(64).peekable();
    units.peek().is_some()
        && units.all(|unit| {
            let pair = if encoding == UTF_16LE { unit.to_le_bytes() } else { unit.to_be_bytes() };
            pair.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_shapes_name_the_encoding() {
        let cases: [(&[u8], Form, usize); 10] = [
            (b"", Form::Utf8, 0),
            (b"{", Form::Utf8, 0),
            (b"{\"a", Form::Utf8, 0),
            (b"\xef\xbb\xbf{", Form::Utf8, 3),
            (b"\xff\xfe{\0", Form::Utf16(UTF_16LE), 2),
            (b"\xfe\xff\0{", Form::Utf16(UTF_16BE), 2),
            (b"{\0\"\0", Form::Utf16(UTF_16LE), 0),
            (b"\0{\0\"", Form::Utf16(UTF_16BE), 0),
            (b"\xff\xfe\0\0", Form::Other("UTF-32"), 4),
            (b"\xc3\xa4bc", Form::Utf8, 0),
        ];
        for (head, form, mark) in cases {
            assert_eq!(sniff(head), (form, mark), "{head:?}");
        }
    }

    #[test]
    fn pieces_of_any_length_give_the_same_text_and_bad_units_no_character() {
        let text = "{\"a\":\"Zoë 😀\"}\r\n";
        let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.extend([0x00, 0xd8, b'x', 0]); // half a pair
        for length in 1..bytes.len() {
            let mut decoder = Decoder::new(UTF_16LE);
            let mut out = Vec::new();
            for piece in bytes.chunks(length) {
                decoder.push(piece, false, &mut out);
            }
            decoder.push(&[], true, &mut out);
            assert_eq!(out, [text.as_bytes(), &[NO_CHARACTER, b'x']].concat(), "{length}");
        }
    }
}
