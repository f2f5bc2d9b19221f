//! The names of keys, and which of them live together.
//!
//! A script may only touch keys of one slot. All that one promise touches lies under one of sixteen tags, which lie evenly
//! over the slots of a Cluster; a single server has them all. The digit after a kind is the version of its format: a doorward
//! with another format uses another digit, and two of them work on one Redis.

/// What stands in the braces of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(&'static str);

impl Tag {
    /// The tag of what has this identifier or hash, whose last bytes are random.
    pub(super) fn of(id: &[u8]) -> Self {
        let chosen = id.last().map_or(0, |byte| usize::from(byte % 16));
        TAGS.get(chosen).copied().unwrap_or(DRAFTS)
    }

    pub(super) const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The key of this kind under this tag.
pub(super) fn key(prefix: &str, kind: &str, tag: Tag, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + kind.len() + tag.0.len() + id.len() + 3);
    for part in [prefix.as_bytes(), kind.as_bytes(), b"1:{", tag.0.as_bytes(), b"}", id] {
        key.extend_from_slice(part);
    }
    key
}

/// How the key of every session begins: who is told of changes of those is told of all that ends.
pub(super) fn sessions(prefix: &str) -> String {
    format!("{prefix}s1:{{")
}

/// All tags.
pub(super) const TAGS: [Tag; 16] = [
    DRAFTS,
    Tag("mws"),
    Tag("pt6"),
    Tag("arf"),
    Tag("mb1"),
    Tag("eoi"),
    Tag("pe4"),
    Tag("acd"),
    Tag("gxm"),
    Tag("ou5"),
    Tag("c0h"),
    Tag("ky8"),
    Tag("gio"),
    Tag("od7"),
    Tag("ceb"),
    Tag("rc2"),
];

/// Drafts have room together, so they live together.
pub(super) const DRAFTS: Tag = Tag("ms3");

#[cfg(test)]
mod tests {
    use super::*;

    /// The slot of a tag, as the specification of Redis Cluster has it.
    fn slot(tag: Tag) -> u16 {
        let mut crc = 0_u16;
        for byte in tag.0.bytes() {
            crc ^= u16::from(byte) << 8;
            for _ in 0..8 {
                crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            }
        }
        crc % 16_384
    }

    #[test]
    fn the_tags_lie_evenly_over_the_slots() {
        let slots: Vec<u16> = TAGS.into_iter().map(slot).collect();
        let middles: Vec<u16> = (0..16).map(|part| part * 1024 + 512).collect();
        assert_eq!(slots, middles);
        for (number, tag) in TAGS.into_iter().enumerate() {
            assert_eq!(Tag::of(&[7, u8::try_from(number).unwrap() + 32]), tag);
        }
    }

    #[test]
    fn a_key_says_what_it_is_and_where_it_lies() {
        assert_eq!(key("doorward:", "s", DRAFTS, b"x}"), b"doorward:s1:{ms3}x}");
        assert!(key("doorward:", "s", DRAFTS, b"x").starts_with(sessions("doorward:").as_bytes()));
    }
}
