//! Every frame survives both codecs.

use proptest::prelude::*;

use crate::codec::{self, Codec, Encoded};
use crate::frame::{ClientFrame, MAX_SPEED, Moment};
use crate::testkit::Gen;
use crate::view::Range;
use crate::{DecodeError, json};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn server_frames_survive_both_codecs(seed: u64) {
        let frame = Gen::new(seed).frame();
        let Encoded::Text(text) = Codec::Json.encode(&frame) else { panic!("JSON is text") };
        prop_assert_eq!(json::decode_server(&text), Ok(frame.clone()));
        let Encoded::Binary(bytes) = Codec::Postcard.encode(&frame) else { panic!("postcard is binary") };
        prop_assert_eq!(codec::decode_server(&bytes), Ok(frame.clone()));
    }

    #[test]
    fn client_frames_survive_both_codecs(view in ".{0,40}", range in 0_usize..3, on: bool, kind in 0..3, at in proptest::option::of(any::<i64>()), speed in 0..=MAX_SPEED) {
        let replay = at.map(|at| Moment { at, speed });
        let frame = match kind {
            0 => ClientFrame::Subscribe { view, range: Range::ALL[range], replay },
            1 => ClientFrame::Unsubscribe { view },
            _ => ClientFrame::Pause { on },
        };
        let Encoded::Text(text) = Codec::Json.encode_client(&frame) else { panic!("JSON is text") };
        prop_assert_eq!(json::decode_client(&text), Ok(frame.clone()));
        let Encoded::Binary(bytes) = Codec::Postcard.encode_client(&frame) else { panic!("postcard is binary") };
        prop_assert_eq!(codec::decode_client(&bytes), Ok(frame.clone()));
    }

    #[test]
    fn bytes_from_strangers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        let _ = codec::decode_server(&bytes);
        let _ = codec::decode_client(&bytes);
        let _ = json::decode_server(&text);
        let _ = json::decode_client(&text);
    }

    #[test]
    fn a_frame_cut_short_or_made_longer_is_refused(seed: u64, cut in 0.0..1.0) {
        let mut bytes = codec::encode_server(&Gen::new(seed).frame());
        let keep = (bytes.len() as f64 * cut) as usize;
        prop_assert!(matches!(codec::decode_server(&bytes[..keep]), Err(DecodeError::Malformed(_))));
        bytes.push(0);
        prop_assert!(matches!(codec::decode_server(&bytes), Err(DecodeError::Malformed(_))));
    }
}

#[test]
fn subprotocols_name_the_codecs() {
    for codec in [Codec::Json, Codec::Postcard] {
        assert_eq!(Codec::from_subprotocol(codec.subprotocol()), Some(codec));
    }
    assert_eq!(Codec::from_subprotocol("fuseboard.v2.json"), None);
}
