use super::*;

/// Returns the numbers of Java's `Random.nextInt(bound)` after `new Random(seed)`.
fn java_random(seed: u64) -> impl FnMut(usize) -> usize {
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed ^ 0x5_DEEC_E66D) & MASK;
    let mut next = move || {
        state = (state.wrapping_mul(0x5_DEEC_E66D) + 0xB) & MASK;
        (state >> 17) as i32
    };
    move |bound| {
        let bound = bound as i32;
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(next())) >> 31) as usize;
        }
        loop {
            let bits = next();
            let value = bits % bound;
            if bits
                .checked_sub(value)
                .and_then(|start| start.checked_add(bound - 1))
                .is_some()
            {
                return value as usize;
            }
        }
    }
}

fn nodes(text: &str) -> Vec<RackedNode> {
    let node = |text: &str| {
        let (id, rack) = text
            .split_once('@')
            .map_or((text, None), |(id, rack)| (id, Some(rack)));
        RackedNode {
            id: NodeId(id.parse().expect(text)),
            rack: rack.map(Arc::from),
        }
    };
    text.split(' ').map(node).collect()
}

fn placed(seed: u64, partitions: usize, factor: usize, brokers: &str) -> String {
    let mut stripes = Stripes::new(&nodes(brokers), java_random(seed));
    let mut replicas = || {
        let replicas: Vec<_> = stripes.next(factor).map(|node| node.0.to_string()).collect();
        replicas.join(",")
    };
    (0..partitions).map(|_| replicas()).collect::<Vec<_>>().join(" ")
}

/// The expected values are those of the `StripedReplicaPlacer` of Kafka 4.4.0 with the same brokers and Java's `Random` of the same seed.
#[test]
fn partitions_lie_where_kafka_places_them() {
    for (seed, partitions, factor, brokers, expected) in [
        (1, 7, 2, "1 2 3", "1,2 2,3 3,1 3,1 1,2 2,3 1,3"),
        (
            2,
            8,
            3,
            "0@b 1@a 2@b 3@a 4@c",
            "0,4,3 4,1,2 3,0,4 2,4,1 4,3,0 4,0,1 2,3,4 1,4,0",
        ),
        (
            3,
            9,
            2,
            "0@a 1@b 2@b 3@c 4@c 5@c",
            "2,3 4,0 0,1 2,5 3,0 0,1 2,0 0,3 4,1",
        ),
        (
            4,
            6,
            4,
            "0 1@a 2@a 3@b",
            "2,3,0,1 3,0,1,2 0,2,3,1 1,3,0,2 0,2,3,1 1,3,0,2",
        ),
        (5, 5, 1, "7", "7 7 7 7 7"),
        (6, 4, 3, "1@a 2@a 3@a 4@b", "4,2,3 3,4,1 4,1,2 2,4,3"),
    ] {
        assert_eq!(placed(seed, partitions, factor, brokers), expected, "seed {seed}");
    }
}

#[test]
fn replicas_of_one_partition_are_in_as_many_racks_as_possible() {
    let brokers = nodes("1@a 2@a 3@b 4@b 5@c 6@c");
    for seed in 0..50 {
        let mut stripes = Stripes::new(&brokers, java_random(seed));
        for _ in 0..30 {
            let chosen: Vec<_> = stripes.next(3).collect();
            let mut racks: Vec<_> = chosen.iter().map(|node| (node.0 - 1) / 2).collect();
            racks.sort_unstable();
            assert_eq!(racks, [0, 1, 2], "seed {seed}, replicas {chosen:?}");
        }
    }
}

#[test]
fn each_broker_leads_as_many_partitions_as_any_other() {
    for seed in 0..50 {
        let mut stripes = Stripes::new(&nodes("1 2 3 4"), java_random(seed));
        let mut leaders: Vec<_> = (0..12).filter_map(|_| stripes.next(2).next()).collect();
        leaders.sort();
        let expected = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4].map(NodeId);
        assert_eq!(leaders, expected, "seed {seed}");
    }
}
