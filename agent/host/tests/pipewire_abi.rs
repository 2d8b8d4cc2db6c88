//! What is declared of libpipewire is what its own headers say, where those and a C compiler are installed.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Sizes, places and numbers as `src/wayland/pipewire` has them.
const CLAIMS: &str = r#"
#include <stddef.h>
#include <pipewire/pipewire.h>
#include <spa/buffer/meta.h>
#include <spa/param/buffers.h>
#include <spa/param/format.h>
#include <spa/param/video/raw.h>
#include <spa/pod/pod.h>
#include <spa/utils/type.h>
#define IS(what, value) _Static_assert((what) == (value), #what)
IS(sizeof(struct spa_hook), 48);
IS(offsetof(struct pw_buffer, buffer), 0);
IS(sizeof(struct spa_buffer), 24);
IS(offsetof(struct spa_buffer, n_datas), 4);
IS(offsetof(struct spa_buffer, metas), 8);
IS(offsetof(struct spa_buffer, datas), 16);
IS(sizeof(struct spa_meta), 16);
IS(offsetof(struct spa_meta, size), 4);
IS(offsetof(struct spa_meta, data), 8);
IS(sizeof(struct spa_data), 40);
IS(offsetof(struct spa_data, fd), 8);
IS(offsetof(struct spa_data, mapoffset), 16);
IS(offsetof(struct spa_data, maxsize), 20);
IS(offsetof(struct spa_data, data), 24);
IS(offsetof(struct spa_data, chunk), 32);
IS(sizeof(struct spa_chunk), 16);
IS(offsetof(struct spa_chunk, size), 4);
IS(offsetof(struct spa_chunk, stride), 8);
IS(offsetof(struct spa_chunk, flags), 12);
IS(offsetof(struct pw_stream_events, state_changed), 16);
IS(offsetof(struct pw_stream_events, param_changed), 40);
IS(offsetof(struct pw_stream_events, process), 64);
IS(offsetof(struct pw_stream_events, drained), 72);
IS(sizeof(struct spa_meta_region), 16);
IS(sizeof(struct spa_meta_cursor), 28);
IS(offsetof(struct spa_meta_cursor, position), 8);
IS(offsetof(struct spa_meta_cursor, hotspot), 16);
IS(offsetof(struct spa_meta_cursor, bitmap_offset), 24);
IS(sizeof(struct spa_meta_bitmap), 20);
IS(offsetof(struct spa_meta_bitmap, size), 4);
IS(offsetof(struct spa_meta_bitmap, stride), 12);
IS(offsetof(struct spa_meta_bitmap, offset), 16);
IS(sizeof(struct spa_meta_header), 32);
IS(offsetof(struct spa_meta_header, flags), 0);
IS(PW_DIRECTION_INPUT, 0);
IS(PW_STREAM_FLAG_AUTOCONNECT, 1);
IS(PW_STREAM_FLAG_MAP_BUFFERS, 4);
IS(PW_STREAM_FLAG_DONT_RECONNECT, 128);
IS(PW_STREAM_STATE_ERROR, -1);
IS(PW_STREAM_STATE_UNCONNECTED, 0);
IS(SPA_DATA_MemPtr, 1);
IS(SPA_DATA_MemFd, 2);
IS(SPA_META_Header, 1);
IS(SPA_META_VideoDamage, 3);
IS(SPA_META_Cursor, 5);
IS(SPA_META_HEADER_FLAG_CORRUPTED, 2);
IS(SPA_CHUNK_FLAG_CORRUPTED, 1);
IS(SPA_TYPE_Id, 3);
IS(SPA_TYPE_Int, 4);
IS(SPA_TYPE_Rectangle, 10);
IS(SPA_TYPE_Fraction, 11);
IS(SPA_TYPE_Object, 15);
IS(SPA_TYPE_Choice, 19);
IS(SPA_TYPE_OBJECT_Format, 0x40003);
IS(SPA_TYPE_OBJECT_ParamBuffers, 0x40004);
IS(SPA_TYPE_OBJECT_ParamMeta, 0x40005);
IS(SPA_PARAM_EnumFormat, 3);
IS(SPA_PARAM_Format, 4);
IS(SPA_PARAM_Buffers, 5);
IS(SPA_PARAM_Meta, 6);
IS(SPA_PARAM_BUFFERS_dataType, 6);
IS(SPA_PARAM_META_type, 1);
IS(SPA_PARAM_META_size, 2);
IS(SPA_FORMAT_mediaType, 1);
IS(SPA_FORMAT_mediaSubtype, 2);
IS(SPA_FORMAT_VIDEO_format, 0x20001);
IS(SPA_FORMAT_VIDEO_size, 0x20003);
IS(SPA_FORMAT_VIDEO_framerate, 0x20004);
IS(SPA_MEDIA_TYPE_video, 2);
IS(SPA_MEDIA_SUBTYPE_raw, 1);
IS(SPA_CHOICE_Range, 1);
IS(SPA_CHOICE_Enum, 3);
IS(SPA_CHOICE_Flags, 4);
IS(SPA_VIDEO_FORMAT_RGBx, 7);
IS(SPA_VIDEO_FORMAT_BGRx, 8);
IS(SPA_VIDEO_FORMAT_RGBA, 11);
IS(SPA_VIDEO_FORMAT_BGRA, 12);
IS(SPA_VIDEO_FORMAT_ARGB, 13);
IS(SPA_VIDEO_FORMAT_ABGR, 14);
void (*init)(int *, char ***) = pw_init;
struct pw_stream *(*made)(struct pw_core *, const char *, struct pw_properties *) = pw_stream_new;
struct pw_core *(*connected)(struct pw_context *, int, struct pw_properties *, size_t) = pw_context_connect_fd;
int (*begun)(struct pw_stream *, enum pw_direction, uint32_t, enum pw_stream_flags, const struct spa_pod **,
             uint32_t) = pw_stream_connect;
int (*updated)(struct pw_stream *, const struct spa_pod **, uint32_t) = pw_stream_update_params;
"#;

#[test]
fn what_is_declared_is_what_the_headers_say() {
    let headers = ["/usr/include/pipewire-0.3", "/usr/include/spa-0.2"];
    if headers.iter().any(|folder| !Path::new(folder).is_dir()) {
        assert!(
            std::env::var_os("FARHAND_REQUIRE_WAYLAND").is_none(),
            "the headers of PipeWire are not installed"
        );
        eprintln!(
            "not compared: the headers of PipeWire (Debian package libpipewire-0.3-dev) are not installed"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("claims.c");
    fs::write(&source, CLAIMS).unwrap();
    let mut compiler = Command::new("cc");
    for headers in headers {
        compiler.arg("-isystem").arg(headers);
    }
    let compiled = compiler.args(["-std=gnu11", "-fsyntax-only", "-Werror"]).arg(&source).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}
