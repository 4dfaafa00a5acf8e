//! The shapes of the served requests by key, from the table that a script writes from Kafka's message definitions.
//!
//! The versions are those that the decoders know; a test compares them.

mod table;

use super::shape::Request;
pub(super) use table::REQUESTS;

/// Returns the shape of a request of this version, if it is served.
pub(super) fn find(api_key: i16, version: i16) -> Option<&'static Request> {
    // Every request passes here, so its key is an index and is not searched for.
    let place = usize::from(*PLACES.get(usize::try_from(api_key).ok()?)?);
    let request = REQUESTS.get(place)?;
    (request.first_version <= version && version <= request.last_version).then_some(request)
}

/// Returns Kafka's name of the API of that key, such as `Produce`, if it is served.
pub(super) fn name(api_key: i16) -> Option<&'static str> {
    let request = REQUESTS.iter().find(|request| request.api_key == api_key);
    request.map(|request| request.name)
}

/// The index of each key's request in [`REQUESTS`]; `u8::MAX` for a key that is not served.
static PLACES: [u8; 128] = {
    let mut places = [u8::MAX; 128];
    let mut place = 0;
    // A `for` loop is not allowed in a constant.
    while place < REQUESTS.len() {
        places[REQUESTS[place].api_key as usize] = place as u8;
        place += 1;
    }
    places
};
