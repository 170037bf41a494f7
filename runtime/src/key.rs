//! What a policy can be kept per.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// A value that a policy can be kept per: `key = host`.
///
/// Strings, integers, byte arrays and slices, `bool`, `char`, addresses, and references, options and tuples of these
/// are keys. Keys are compared in full, by what they say and not by their type: a `String` and a `&str` with the same
/// text are the same key, and so are an `u8` and an `i64` with the same number.
///
/// A type of your own puts down the parts that tell its values apart:
///
/// ```
/// use steadfast::{Key, KeyBytes};
///
/// struct Shard {
///     region: String,
///     number: u16,
/// }
///
/// impl Key for Shard {
///     fn write(&self, bytes: &mut KeyBytes) {
///         (&self.region, self.number).write(bytes);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key",
    label = "expected a string, a number, an address, or a type that implements `steadfast::Key`",
    note = "name a part of it that is one, as `key = host.name`"
)]
pub trait Key {
    /// Puts down what tells this value from others.
    fn write(&self, bytes: &mut KeyBytes);
}

/// A key as bytes. No key is the beginning of another, so that keys put down one after the other are still told apart.
pub struct KeyBytes {
    inline: [u8; INLINE],
    length: usize,
    /// All of it, once it is longer than there is place inline.
    spilled: Vec<u8>,
}

const INLINE: usize = 62;

/// The key where there is none.
pub const NO_KEY: &KeyBytes = &KeyBytes {
    inline: {
        let mut inline = [0; INLINE];
        inline[0] = kind::TUPLE;
        inline
    },
    length: 1,
    spilled: Vec::new(),
};

/// What stands before each part: which kind it is, and so how long it is or where its length stands.
mod kind {
    pub(super) const NONE: u8 = 0;
    pub(super) const SOME: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const TRUE: u8 = 3;
    pub(super) const TEXT: u8 = 4;
    pub(super) const BYTES: u8 = 5;
    pub(super) const CHAR: u8 = 6;
    pub(super) const IP_V4: u8 = 7;
    pub(super) const IP_V6: u8 = 8;
    pub(super) const SOCKET_V4: u8 = 9;
    pub(super) const SOCKET_V6: u8 = 10;
    /// Followed by the parts; the number of them is added.
    pub(super) const TUPLE: u8 = 0x20;
    /// The number of bytes is added.
    pub(super) const NUMBER: u8 = 0x40;
    pub(super) const NEGATIVE: u8 = 0x60;
}

impl KeyBytes {
    pub(crate) fn of(key: &(impl Key + ?Sized)) -> Self {
        let mut bytes = Self { inline: [0; INLINE], length: 0, spilled: Vec::new() };
        key.write(&mut bytes);
        bytes
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        if self.spilled.is_empty() { &self.inline[..self.length] } else { &self.spilled }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if self.spilled.is_empty() && end <= INLINE {
            self.inline[self.length..end].copy_from_slice(bytes);
            self.length = end;
            return;
        }
        if self.spilled.is_empty() {
            self.spilled.extend_from_slice(&self.inline[..self.length]);
        }
        self.spilled.extend_from_slice(bytes);
    }

    fn part(&mut self, kind: u8, bytes: &[u8]) {
        self.push(&[kind]);
        self.push(bytes);
    }

    fn with_length(&mut self, kind: u8, bytes: &[u8]) {
        self.push(&[kind]);
        bytes.len().write(self);
        self.push(bytes);
    }

    fn number(&mut self, kind: u8, number: u128) {
        let bytes = number.to_be_bytes();
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        // At most 16.
        let length = u8::try_from(bytes.len() - zeros).unwrap_or(0);
        self.part(kind + length, &bytes[zeros..]);
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyBytes").field(&self.as_slice()).finish()
    }
}

impl Key for str {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.with_length(kind::TEXT, self.as_bytes());
    }
}

impl Key for String {
    fn write(&self, bytes: &mut KeyBytes) {
        self.as_str().write(bytes);
    }
}

impl Key for [u8] {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.with_length(kind::BYTES, self);
    }
}

impl Key for Vec<u8> {
    fn write(&self, bytes: &mut KeyBytes) {
        self.as_slice().write(bytes);
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, bytes: &mut KeyBytes) {
        self.as_slice().write(bytes);
    }
}

impl Key for bool {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.push(&[if *self { kind::TRUE } else { kind::FALSE }]);
    }
}

impl Key for char {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.part(kind::CHAR, &u32::from(*self).to_be_bytes());
    }
}

macro_rules! number {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        #[allow(clippy::cast_lossless, reason = "`usize` has no lossless conversion")]
        impl Key for $unsigned {
            fn write(&self, bytes: &mut KeyBytes) {
                bytes.number(kind::NUMBER, *self as u128);
            }
        }

        #[allow(clippy::cast_lossless, reason = "`usize` has no lossless conversion")]
        impl Key for $signed {
            fn write(&self, bytes: &mut KeyBytes) {
                let kind = if *self < 0 { kind::NEGATIVE } else { kind::NUMBER };
                bytes.number(kind, self.unsigned_abs() as u128);
            }
        }
    )*};
}

number! {
    u8, i8;
    u16, i16;
    u32, i32;
    u64, i64;
    u128, i128;
    usize, isize;
}

impl Key for Ipv4Addr {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.part(kind::IP_V4, &self.octets());
    }
}

impl Key for Ipv6Addr {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.part(kind::IP_V6, &self.octets());
    }
}

impl Key for IpAddr {
    fn write(&self, bytes: &mut KeyBytes) {
        match self {
            Self::V4(address) => address.write(bytes),
            Self::V6(address) => address.write(bytes),
        }
    }
}

impl Key for SocketAddrV4 {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.part(kind::SOCKET_V4, &self.ip().octets());
        bytes.push(&self.port().to_be_bytes());
    }
}

impl Key for SocketAddrV6 {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.part(kind::SOCKET_V6, &self.ip().octets());
        bytes.push(&self.port().to_be_bytes());
        bytes.push(&self.flowinfo().to_be_bytes());
        bytes.push(&self.scope_id().to_be_bytes());
    }
}

impl Key for SocketAddr {
    fn write(&self, bytes: &mut KeyBytes) {
        match self {
            Self::V4(address) => address.write(bytes),
            Self::V6(address) => address.write(bytes),
        }
    }
}

impl<K: Key> Key for Option<K> {
    fn write(&self, bytes: &mut KeyBytes) {
        match self {
            None => bytes.push(&[kind::NONE]),
            Some(key) => {
                bytes.push(&[kind::SOME]);
                key.write(bytes);
            }
        }
    }
}

impl<B: ToOwned + Key + ?Sized> Key for Cow<'_, B> {
    fn write(&self, bytes: &mut KeyBytes) {
        (**self).write(bytes);
    }
}

/// One key for all, where a key is asked for and there is nothing to tell apart.
impl Key for () {
    fn write(&self, bytes: &mut KeyBytes) {
        bytes.push(&[kind::TUPLE]);
    }
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<K: Key + ?Sized> Key for $pointer {
            fn write(&self, bytes: &mut KeyBytes) {
                (**self).write(bytes);
            }
        }
    )*};
}

pointer!(&K, &mut K, Box<K>, Rc<K>, Arc<K>);

macro_rules! tuple {
    ($($count:literal: $($part:ident)*;)*) => {$(
        impl<$($part: Key),*> Key for ($($part,)*) {
            #[expect(non_snake_case, reason = "each part is named as its type")]
            fn write(&self, bytes: &mut KeyBytes) {
                let ($($part,)*) = self;
                bytes.push(&[kind::TUPLE + $count]);
                $($part.write(bytes);)*
            }
        }
    )*};
}

tuple! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(key: impl Key) -> Vec<u8> {
        KeyBytes::of(&key).as_slice().to_vec()
    }

    #[test]
    fn the_same_text_is_the_same_key() {
        let text = bytes("a.example");
        assert_eq!(bytes(String::from("a.example")), text);
        assert_eq!(bytes(Cow::Borrowed("a.example")), text);
        assert_eq!(bytes(Arc::<str>::from("a.example")), text);
        assert_eq!(bytes(Box::<str>::from("a.example")), text);
        assert_ne!(bytes(b"a.example"), text);
    }

    #[test]
    fn the_same_bytes_or_address_are_the_same_key() {
        assert_eq!(bytes(vec![1_u8, 2]), bytes([1_u8, 2]));
        assert_eq!(bytes(vec![1_u8, 2]), bytes(&[1_u8, 2][..]));
        assert_eq!(bytes(IpAddr::V4(Ipv4Addr::LOCALHOST)), bytes(Ipv4Addr::LOCALHOST));
        assert_eq!(bytes(IpAddr::V6(Ipv6Addr::LOCALHOST)), bytes(Ipv6Addr::LOCALHOST));
    }

    #[test]
    fn the_same_number_is_the_same_key() {
        assert_eq!(bytes(7_u8), bytes(7_i128));
        assert_eq!(bytes(0_u8), bytes(0_isize));
        assert_ne!(bytes(1_u8), bytes(-1_i8));
        assert_ne!(bytes(256_u16), bytes(1_u16));
        assert_ne!(bytes(u128::MAX), bytes(u64::MAX));
        assert_eq!(bytes(i128::MIN).len(), 17);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(bytes(("a", "bc")), bytes(("ab", "c")));
        assert_ne!(bytes((("a", "b"), "c")), bytes(("a", ("b", "c"))));
        assert_ne!(bytes((None::<u8>, Some(1_u8))), bytes((Some(1_u8), None::<u8>)));
        assert_ne!(bytes(Some(None::<u8>)), bytes(None::<Option<u8>>));
        assert_ne!(bytes(("a\u{4}", "b")), bytes(("a", "\u{4}b")));
    }

    #[test]
    fn no_key_begins_another() {
        let long = "x".repeat(300);
        let keys = [
            bytes(""),
            bytes("a"),
            bytes("ab"),
            bytes(long.as_str()),
            bytes([0_u8; 0]),
            bytes([0_u8; 3]),
            bytes(0_u8),
            bytes(1_u8),
            bytes(300_u32),
            bytes(-300_i32),
            bytes(true),
            bytes(false),
            bytes('a'),
            bytes(Ipv4Addr::LOCALHOST),
            bytes(Ipv6Addr::LOCALHOST),
            bytes(SocketAddr::from((Ipv4Addr::LOCALHOST, 80))),
            bytes(SocketAddr::from((Ipv6Addr::LOCALHOST, 80))),
            bytes(None::<u8>),
            bytes(Some("a")),
            bytes(()),
            bytes(("a",)),
            bytes(("a", 1_u8)),
        ];
        for (i, one) in keys.iter().enumerate() {
            for (j, other) in keys.iter().enumerate() {
                assert!(i == j || !other.starts_with(one), "{one:?} begins {other:?}");
            }
        }
    }

    #[test]
    fn a_key_that_is_longer_than_the_place_inline_is_kept_in_full() {
        for length in [0, INLINE - 3, INLINE - 2, INLINE - 1, INLINE, 1000] {
            let text = "x".repeat(length);
            let key = bytes((text.as_str(), 1_u8));
            assert!(key.ends_with(&[kind::NUMBER + 1, 1]));
            assert_eq!(key.len(), if length < 256 { 6 } else { 7 } - usize::from(length == 0) + length);
        }
    }
}
