//! The format of a serialized object: a checked head, then the object's buffers, each at a multiple of 64 bytes.
//!
//! ```text
//!  0  magic                  f1 'p' 'r' 'x'
//!  4  version       u8       1
//!  5  kind          u8       what the metadata and the parts are
//!  6  flags         u16      bit 0: the parts have a checksum
//!  8  length        u64      of the whole frame
//! 16  metadata      u64      its length
//! 24  parts         u64      their number
//! 32  checksum      u64      XXH3 of the parts, one after the other, or 0
//! 40  head checksum u64      XXH3 of the table and the metadata, seeded with the XXH3 of bytes 0 to 40
//! 48  table         (offset u64, length u64) for each part
//!     metadata
//!     parts                  aligned, with zeros between them
//! ```
//!
//! Numbers are little-endian. The head is always checked. Checking the parts means to read them, which a reader that
//! maps a large object wants to avoid: they are checked if they are small or the writer asked for it.

use std::fmt;
use std::ops::Range;

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

pub(crate) const MAGIC: [u8; 4] = *b"\xf1prx";
const VERSION: u8 = 1;
const HEADER: usize = 48;
const ALIGNMENT: usize = 64;
const CHECKED: u16 = 1;

/// Parts of together at most this size always have a checksum.
const SMALL: usize = 64 * 1024;

/// What an object was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Metadata: a pickle of protocol 5. Parts: its out-of-band buffers.
    Pickle = 0,
    /// One part: the bytes.
    Bytes = 1,
    /// One part: UTF-8.
    Str = 2,
    /// One part: the bytes.
    Bytearray = 3,
    /// Metadata: element type and shape. One part: the elements.
    Array = 4,
    /// Metadata: the name of a registered codec and what it noted. Parts: its buffers.
    Codec = 5,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Pickle,
            Self::Bytes,
            Self::Str,
            Self::Bytearray,
            Self::Array,
            Self::Codec,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// The beginning of a frame and where its parts go.
pub(crate) struct Head {
    /// Header, table and metadata.
    pub(crate) bytes: Vec<u8>,
    /// The offset of each part.
    pub(crate) offsets: Vec<usize>,
    /// The length of the whole frame.
    pub(crate) length: usize,
}

impl Head {
    /// Lays out a frame. `checked` asks for a checksum of the parts whatever their size.
    pub(crate) fn new(kind: Kind, metadata: &[u8], parts: &[&[u8]], checked: bool) -> Self {
        let head_length = HEADER + 16 * parts.len() + metadata.len();
        let mut end = head_length;
        let offsets: Vec<usize> = parts
            .iter()
            .map(|part| {
                let offset = end.next_multiple_of(ALIGNMENT);
                end = offset + part.len();
                offset
            })
            .collect();
        let size: usize = parts.iter().map(|part| part.len()).sum();
        let checked = checked || size <= SMALL;

        let mut bytes = Vec::with_capacity(head_length);
        bytes.extend(MAGIC);
        bytes.extend([VERSION, kind as u8]);
        bytes.extend(u16::to_le_bytes(if checked { CHECKED } else { 0 }));
        for number in [end, metadata.len(), parts.len()] {
            bytes.extend((number as u64).to_le_bytes());
        }
        let checksum = if checked { checksum(parts) } else { 0 };
        bytes.extend(checksum.to_le_bytes());
        bytes.extend([0; 8]);
        for (offset, part) in offsets.iter().zip(parts) {
            bytes.extend((*offset as u64).to_le_bytes());
            bytes.extend((part.len() as u64).to_le_bytes());
        }
        bytes.extend(metadata);
        let checksum = head_checksum(&bytes);
        bytes[40..HEADER].copy_from_slice(&checksum.to_le_bytes());
        Self {
            bytes,
            offsets,
            length: end,
        }
    }
}

fn checksum(parts: &[&[u8]]) -> u64 {
    match parts {
        [] => xxh3_64(&[]),
        [part] => xxh3_64(part),
        _ => {
            let mut hasher = Xxh3::new();
            parts.iter().for_each(|part| hasher.update(part));
            hasher.digest()
        }
    }
}

/// The checksum of a head, whose length is that of `head`.
fn head_checksum(head: &[u8]) -> u64 {
    xxh3_64_with_seed(&head[HEADER..], xxh3_64(&head[..40]))
}

/// A frame whose head, and whose parts if they have a checksum, are intact.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) kind: Kind,
    pub(crate) metadata: Range<usize>,
    pub(crate) parts: Vec<Range<usize>>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Fewer bytes than the frame has, or more.
    Length { expected: u64, found: usize },
    /// A version that this reader does not know.
    Version(u8),
    /// A checksum does not fit.
    Checksum(&'static str),
    /// The checksums fit, but a field makes no sense: no writer of this format made this frame.
    Field(&'static str),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(
                f,
                "truncated or extended frame: {expected} bytes expected, {found} found"
            ),
            Self::Version(version) => write!(
                f,
                "frame of format version {version}; this version of proxyrt reads version {VERSION}"
            ),
            Self::Checksum(what) => write!(f, "corrupt frame: the checksum of the {what} differs"),
            Self::Field(what) => write!(f, "invalid frame: {what}"),
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(field.try_into().ok()?))
}

/// Whether bytes claim to be a frame.
pub(crate) fn is_frame(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// About how many bytes [`parse`] reads.
pub(crate) fn checked_length(bytes: &[u8]) -> usize {
    if bytes
        .get(6)
        .is_some_and(|flags| u16::from(*flags) & CHECKED != 0)
    {
        return bytes.len();
    }
    let metadata = number(bytes, 16).and_then(|length| usize::try_from(length).ok());
    metadata.unwrap_or(0).min(bytes.len())
}

/// Checks a frame and finds its parts. Nothing in `bytes` is trusted.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let short = |expected: u64| Malformed::Length {
        expected,
        found: bytes.len(),
    };
    if bytes.len() < HEADER {
        return Err(short(HEADER as u64));
    }
    if bytes[4] != VERSION {
        return Err(Malformed::Version(bytes[4]));
    }
    let field = |at| number(bytes, at).ok_or(Malformed::Field("a number is cut off"));
    let length = field(8)?;
    if length != bytes.len() as u64 {
        return Err(short(length));
    }
    let size = |value: u64| {
        usize::try_from(value)
            .ok()
            .filter(|size| *size <= bytes.len())
    };
    let count = size(field(24)?).filter(|count| *count <= (bytes.len() - HEADER) / 16);
    let count = count.ok_or(Malformed::Field("too many parts"))?;
    let start = HEADER + 16 * count;
    let end = size(field(16)?)
        .and_then(|metadata| start.checked_add(metadata))
        .filter(|end| *end <= bytes.len())
        .ok_or(Malformed::Field("the metadata are longer than the frame"))?;
    if head_checksum(&bytes[..end]) != field(40)? {
        return Err(Malformed::Checksum("head"));
    }

    let kind = Kind::from_byte(bytes[5]).ok_or(Malformed::Field("unknown kind"))?;
    let flags = u16::from_le_bytes([bytes[6], bytes[7]]);
    if flags & !CHECKED != 0 {
        return Err(Malformed::Field("unknown flags"));
    }
    let mut parts = Vec::with_capacity(count);
    let mut last = end;
    for index in 0..count {
        let offset = size(field(HEADER + 16 * index)?);
        let length = size(field(HEADER + 16 * index + 8)?);
        let part = offset.zip(length).and_then(|(offset, length)| {
            let end = offset.checked_add(length)?;
            (offset == last.next_multiple_of(ALIGNMENT) && end <= bytes.len())
                .then_some(offset..end)
        });
        let part = part.ok_or(Malformed::Field("a part is out of place"))?;
        if bytes[last..part.start].iter().any(|byte| *byte != 0) {
            return Err(Malformed::Field("the space between parts is not empty"));
        }
        last = part.end;
        parts.push(part);
    }
    if last != bytes.len() {
        return Err(Malformed::Field("bytes after the last part"));
    }
    if flags & CHECKED != 0 {
        let slices: Vec<&[u8]> = parts.iter().map(|part| &bytes[part.clone()]).collect();
        if checksum(&slices) != field(32)? {
            return Err(Malformed::Checksum("data"));
        }
    }
    Ok(Parsed {
        kind,
        metadata: start..end,
        parts,
    })
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Head, Kind, Malformed, SMALL, head_checksum, parse};

    fn frame(metadata: &[u8], parts: &[&[u8]], checked: bool) -> Vec<u8> {
        let head = Head::new(Kind::Pickle, metadata, parts, checked);
        let mut bytes = head.bytes;
        for (offset, part) in head.offsets.iter().zip(parts) {
            bytes.resize(*offset, 0);
            bytes.extend_from_slice(part);
        }
        assert_eq!(bytes.len(), head.length);
        bytes
    }

    /// Makes the checksum of a tampered head fit again.
    fn sealed(mut bytes: Vec<u8>, head: usize) -> Vec<u8> {
        let checksum = head_checksum(&bytes[..head]);
        bytes[40..HEADER].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    #[test]
    fn a_frame_is_read_back() {
        for parts in [vec![], vec![&b"abc"[..]], vec![b"", b"x", &[7; 1000]]] {
            let bytes = frame(b"meta", &parts, false);
            let parsed = parse(&bytes).unwrap();
            assert_eq!(parsed.kind, Kind::Pickle);
            assert_eq!(&bytes[parsed.metadata], b"meta");
            let found: Vec<&[u8]> = parsed
                .parts
                .iter()
                .map(|part| &bytes[part.clone()])
                .collect();
            assert_eq!(found, parts);
            assert!(parsed.parts.iter().all(|part| part.start % 64 == 0));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_small_frame_is_noticed() {
        let bytes = frame(b"meta", &[b"first part", &[1; 70]], false);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // The magic is the caller's to look at.
            assert!(parse(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(parse(&bytes[..length]).is_err());
        }
        assert!(parse(&[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn large_parts_are_checked_if_asked() {
        let part = vec![1; SMALL + 1];
        for checked in [false, true] {
            let mut bytes = frame(b"", &[&part], checked);
            *bytes.last_mut().unwrap() = 2;
            assert_eq!(parse(&bytes).is_err(), checked);
        }
    }

    #[test]
    fn frames_with_fitting_checksums_and_hostile_fields_are_refused() {
        let bytes = frame(b"meta", &[b"part"], false);
        let head = HEADER + 16 + 4;
        for (at, value) in [
            (8, u64::MAX),
            (16, u64::MAX),
            (16, 1 << 32),
            (24, u64::MAX),
            (24, u64::MAX / 16),
            (24, 1 << 60),
            (48, u64::MAX),
            (48, 0),
            (48, 64),
            (56, u64::MAX),
            (56, u64::MAX - 64),
            (56, 5),
        ] {
            let mut tampered = bytes.clone();
            tampered[at..at + 8].copy_from_slice(&value.to_le_bytes());
            assert!(parse(&sealed(tampered, head)).is_err(), "{value} at {at}");
        }
        for (at, value) in [(5, 6), (5, 255), (6, 2), (7, 1)] {
            let mut tampered = bytes.clone();
            tampered[at] = value;
            let error = parse(&sealed(tampered, head)).unwrap_err();
            assert!(matches!(error, Malformed::Field(_)));
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = frame(b"", &[], false);
        bytes[4] = 2;
        assert_eq!(parse(&bytes).unwrap_err(), Malformed::Version(2));
    }
}
