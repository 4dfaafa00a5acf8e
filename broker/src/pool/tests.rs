use super::*;
use tokio::time::{Duration, timeout};

const MIB: usize = 1 << 20;

#[test]
fn a_buffer_is_charged_until_its_last_slice_is_dropped() {
    let pool = Pool::new(MIB);
    let mut buffer = pool.take(5_000).expect("there is room");
    assert_eq!(pool.used_bytes(), 5_120, "charged with its capacity");
    buffer.extend_from_slice(&[1, 2, 3, 4]);
    let bytes = buffer.freeze();
    let slice = bytes.slice(1..3);
    drop(bytes);
    assert_eq!((pool.used_bytes(), &slice[..]), (5_120, &[2, 3][..]));
    drop(slice);
    assert_eq!(pool.used_bytes(), 0);
}

#[test]
fn a_dropped_buffer_is_handed_out_again() {
    let pool = Pool::new(MIB);
    let first = pool.take(8_000).expect("there is room");
    let address = first.as_ptr();
    drop(first.freeze());
    let second = pool.take(7_800).expect("there is room");
    assert_eq!(second.as_ptr(), address);
    assert!(second.is_empty());
}

#[test]
fn what_is_kept_leaves_the_frames_their_share() {
    let pool = Pool::new(MIB);
    let kept = pool.charge(3 * MIB / 4).expect("three quarters may be kept");
    assert_eq!(
        pool.take(4096).expect_err("the rest is the frames'"),
        OutOfMemory {
            wanted_bytes: 4096,
            used_bytes: 3 * MIB / 4,
            limit_bytes: MIB
        }
    );
    assert_eq!(
        pool.charge(1).map(|charge| charge.bytes()),
        Err(pool.out_of_memory(1))
    );
    assert_eq!(
        pool.used_bytes(),
        3 * MIB / 4,
        "a refused charge leaves nothing behind"
    );
    drop(kept);
    assert!(pool.take(4096).is_ok());
}

#[tokio::test]
async fn frames_have_room_while_the_log_holds_all_the_rest() {
    let pool = Pool::new(MIB);
    let _log = pool.charge(3 * MIB / 4).expect("three quarters may be kept");
    let (_ticket, buffer) = pool
        .reserve_frame(MIB / 4)
        .await
        .expect("the frames' share is free");
    assert_eq!(buffer.capacity(), MIB / 4);
    assert_eq!(pool.used_bytes(), MIB);
    assert!(
        pool.admit(0).is_err(),
        "keeping the frame would take the next frame's room"
    );
}

#[tokio::test(start_paused = true)]
async fn a_frame_beyond_the_share_waits_until_one_is_answered() {
    let pool = Pool::new(MIB);
    let (ticket, buffer) = pool.reserve_frame(200 << 10).await.expect("it fits");
    let waiting = pool.reserve_frame(100 << 10);
    tokio::pin!(waiting);
    assert!(timeout(Duration::from_secs(60), &mut waiting).await.is_err());
    let kept = buffer.freeze();
    drop(ticket);
    let (_ticket, second) = waiting.await.expect("it fits");
    assert_eq!(second.capacity(), 104 << 10);
    assert_eq!(
        pool.used_bytes(),
        (208 << 10) + (104 << 10),
        "the kept frame stays charged"
    );
    drop(kept);
    assert_eq!(pool.used_bytes(), 104 << 10);
}

#[tokio::test(start_paused = true)]
async fn a_frame_whose_buffer_is_gone_makes_room_before_its_answer() {
    let pool = Pool::new(MIB);
    let (ticket, buffer) = pool.reserve_frame(MIB / 4).await.expect("it fits");
    drop(buffer);
    let (_second, _buffer) = timeout(Duration::from_secs(1), pool.reserve_frame(MIB / 4))
        .await
        .expect("nothing holds the share any more")
        .expect("it fits");
    drop(ticket);
    assert!(
        timeout(Duration::from_secs(1), pool.reserve_frame(MIB / 4))
            .await
            .is_err(),
        "a ticket gives its share back once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_leaves_nothing_reserved() {
    let pool = Pool::new(MIB);
    let (ticket, buffer) = pool.reserve_frame(MIB / 4).await.expect("it fits");
    assert!(
        timeout(Duration::from_secs(1), pool.reserve_frame(MIB / 8))
            .await
            .is_err()
    );
    drop((ticket, buffer));
    assert!(pool.reserve_frame(MIB / 4).await.is_ok());
}

#[tokio::test]
async fn a_frame_larger_than_the_share_is_refused_by_name() {
    let pool = Pool::new(MIB);
    let error = pool.reserve_frame(MIB / 4 + 1).await.expect_err("it never fits");
    assert_eq!(
        error.to_string(),
        "a frame of 262145 bytes exceeds the 262144 bytes that frames may hold under the memory limit of 1048576 bytes"
    );
}

#[test]
fn free_buffers_give_way_to_what_is_needed() {
    let pool = Pool::new(MIB);
    drop(pool.take(200 << 10).expect("there is room"));
    let _kept = pool.take(700 << 10).expect("there is room");
    let _more = pool.take(60 << 10).expect("there is room");
    // 704 + 60 KiB in use leave no room for the free 208 KiB under 1 MiB, and a buffer of another size was needed.
    assert!(
        pool.shared.free.pop(200 << 10).is_some(),
        "it still fits beside them"
    );
    drop(pool.take(200 << 10));
    let _last = pool.take_beyond_limit(200 << 10);
    let _beyond = pool.take_beyond_limit(100 << 10);
    assert_eq!(pool.shared.free.pop(200 << 10), None);
}
