//! Writing objects (ISO 32000-2 §7.3).

use super::object::{Dictionary, Object};

/// Appends an object's text. Streams are written as their dictionary only.
pub fn write_object(out: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Object::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Object::Real(text) => out.extend_from_slice(text.as_bytes()),
        Object::Name(name) => write_name(out, name),
        Object::String(string) if string.hexadecimal => {
            out.push(b'<');
            out.extend_from_slice(crate::crypto::digest::hex(&string.bytes).as_bytes());
            out.push(b'>');
        }
        Object::String(string) => write_literal(out, &string.bytes),
        Object::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                write_object(out, element);
            }
            out.push(b']');
        }
        Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
            write_dictionary(out, dictionary);
        }
        Object::Reference(id) => {
            out.extend_from_slice(format!("{} {} R", id.number, id.generation).as_bytes());
        }
    }
}

fn write_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) {
    out.extend_from_slice(b"<<");
    for (key, value) in dictionary.iter() {
        write_name(out, key);
        out.push(b' ');
        write_object(out, value);
    }
    out.extend_from_slice(b">>");
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        let regular = byte.is_ascii_graphic() && !b"()<>[]{}/%#".contains(byte);
        if regular {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

fn write_literal(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'(');
    for byte in bytes {
        match byte {
            b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            13 => out.extend_from_slice(b"\\r"),
            10 => out.extend_from_slice(b"\\n"),
            _ => out.push(*byte),
        }
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::{super::lexer::Lexer, *};

    #[test]
    fn what_is_written_reads_the_same() {
        let text = "<</A [1 -2.50 (x\\)\\r) <FEFF> /B#20C 3 0 R true null]/D <</E ()>>>> ";
        let object = Lexer::new(text.as_bytes(), None).object().unwrap();
        let mut out = Vec::new();
        write_object(&mut out, &object);
        out.push(b' ');
        assert_eq!(Lexer::new(&out, None).object().unwrap(), object);
    }
}
