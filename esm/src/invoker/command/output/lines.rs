//! Bytes split into lines of a bounded length. Pure.

/// The longest line. A longer one is several.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// The beginning of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Hands each line that `bytes` complete to `write`, without its end.
    pub(super) fn split(&mut self, bytes: &[u8], mut write: impl FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.add(&rest[..end], &mut write);
            write(without_return(&self.begun));
            self.begun.clear();
            rest = &rest[end + 1..];
        }
        self.add(rest, &mut write);
    }

    /// Hands the line that has begun to `write`, if there is one.
    pub(super) fn flush(&mut self, mut write: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            write(&self.begun);
            self.begun.clear();
        }
    }

    fn add(&mut self, mut part: &[u8], write: &mut impl FnMut(&[u8])) {
        while self.begun.len() + part.len() > MAX_LINE_BYTES {
            let (fits, rest) = part.split_at(MAX_LINE_BYTES - self.begun.len());
            self.begun.extend_from_slice(fits);
            write(&self.begun);
            self.begun.clear();
            part = rest;
        }
        self.begun.extend_from_slice(part);
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut written = Vec::new();
        for part in parts {
            lines.split(part, |line| written.push(line.to_vec()));
        }
        lines.flush(|line| written.push(line.to_vec()));
        written
    }

    #[test]
    fn lines_end_at_their_ends_however_the_bytes_come() {
        let expected: Vec<Vec<u8>> = [&b"one"[..], b"", b"two", b"three"].map(<[u8]>::to_vec).into();
        assert_eq!(split(&[b"one\n\ntwo\r\nthree"]), expected);
        assert_eq!(
            split(&[b"o", b"ne\n", b"\nt", b"wo\r", b"\nthr", b"ee"]),
            expected
        );
        assert_eq!(split(&[b"", b"\n"]), [b""]);
    }

    #[test]
    fn a_long_line_is_several() {
        let long = vec![b'x'; 2 * MAX_LINE_BYTES + 1];
        let lengths = |written: Vec<Vec<u8>>| written.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(split(&[&long])), [MAX_LINE_BYTES, MAX_LINE_BYTES, 1]);
        let with_end = [&long[..], b"\n"].concat();
        assert_eq!(lengths(split(&[&with_end])), [MAX_LINE_BYTES, MAX_LINE_BYTES, 1]);
        let whole = [&long[..MAX_LINE_BYTES], b"\nend"].concat();
        assert_eq!(lengths(split(&[&whole])), [MAX_LINE_BYTES, 3]);
    }
}
