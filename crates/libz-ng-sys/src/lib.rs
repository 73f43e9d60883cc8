//! Stands in for `libz-ng-sys`, so that the workspace builds with Rust and a C compiler alone.
//!
//! pingora-core fixes flate2's feature `zlib-ng`, whose sys crate only knows cmake. This crate has
//! its name and the few symbols flate2 uses, and forwards them to zlib-rs, which is plain Rust.
//! The one difference is `z_stream`: zlib-ng declares the allocator pointers as bare functions,
//! zlib-rs as `Option`; both have the same layout, which the assertions below hold at compile time.
#![allow(non_camel_case_types, non_snake_case, missing_docs, clippy::missing_safety_doc)]

use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use core::mem::{align_of, offset_of, size_of};

pub use libz_rs_sys::{
    Z_BLOCK, Z_BUF_ERROR, Z_DATA_ERROR, Z_DEFAULT_STRATEGY, Z_DEFLATED, Z_FINISH, Z_FULL_FLUSH,
    Z_MEM_ERROR, Z_NEED_DICT, Z_NO_FLUSH, Z_OK, Z_PARTIAL_FLUSH, Z_STREAM_END, Z_STREAM_ERROR,
    Z_SYNC_FLUSH, zlibVersion,
};

pub type uInt = c_uint;
pub type alloc_func = unsafe extern "C" fn(*mut c_void, c_uint, c_uint) -> *mut c_void;
pub type free_func = unsafe extern "C" fn(*mut c_void, *mut c_void);

#[repr(C)]
pub struct z_stream {
    pub next_in: *mut u8,
    pub avail_in: c_uint,
    pub total_in: c_ulong,
    pub next_out: *mut u8,
    pub avail_out: c_uint,
    pub total_out: c_ulong,
    pub msg: *mut c_char,
    pub state: *mut libz_rs_sys::internal_state,
    pub zalloc: alloc_func,
    pub zfree: free_func,
    pub opaque: *mut c_void,
    pub data_type: c_int,
    pub adler: c_ulong,
    pub reserved: c_ulong,
}

const _: () = {
    use libz_rs_sys::z_stream as theirs;
    assert!(size_of::<z_stream>() == size_of::<theirs>());
    assert!(align_of::<z_stream>() == align_of::<theirs>());
    assert!(offset_of!(z_stream, total_in) == offset_of!(theirs, total_in));
    assert!(offset_of!(z_stream, total_out) == offset_of!(theirs, total_out));
    assert!(offset_of!(z_stream, zalloc) == offset_of!(theirs, zalloc));
    assert!(offset_of!(z_stream, adler) == offset_of!(theirs, adler));
};

macro_rules! forward {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => { $(
        pub unsafe extern "C" fn $name(strm: *mut z_stream, $($arg: $ty),*) -> c_int {
            // SAFETY: same layout (asserted above); the caller's contract is zlib's own.
            unsafe { libz_rs_sys::$name(strm.cast(), $($arg),*) }
        }
    )* };
}

forward! {
    deflate(flush: c_int);
    deflateEnd();
    deflateReset();
    deflateParams(level: c_int, strategy: c_int);
    deflateSetDictionary(dictionary: *const u8, length: c_uint);
    deflateInit2_(
        level: c_int, method: c_int, bits: c_int, memory: c_int, strategy: c_int,
        version: *const c_char, size: c_int
    );
    inflate(flush: c_int);
    inflateEnd();
    inflateReset2(bits: c_int);
    inflateSetDictionary(dictionary: *const u8, length: c_uint);
    inflateInit2_(bits: c_int, version: *const c_char, size: c_int);
}
