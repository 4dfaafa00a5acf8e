use super::*;

fn avro(text: &str) -> NewSchema {
    NewSchema {
        text: text.to_owned(),
        ..NewSchema::default()
    }
}

fn record(fields: &str) -> NewSchema {
    avro(&format!(
        r#"{{"type":"record","name":"Order","fields":[{fields}]}}"#
    ))
}

fn json(text: &str) -> NewSchema {
    NewSchema {
        schema_type: SchemaType::Json,
        text: text.to_owned(),
        references: Vec::new(),
    }
}

const N: &str = r#"{"name":"n","type":"int"}"#;
const N_M: &str = r#"{"name":"n","type":"int"},{"name":"m","type":"int"}"#;
const N_M_DEFAULT: &str = r#"{"name":"n","type":"int"},{"name":"m","type":"int","default":0}"#;

/// Registers a schema and returns its id and version.
fn register(
    registry: &SchemaRegistry,
    subject: &str,
    schema: NewSchema,
) -> Result<(i32, i32), RegistryError> {
    let found = registry.register(subject, schema)?;
    Ok((found.stored.id, found.version))
}

#[test]
fn the_same_schema_has_the_same_id_in_every_subject() {
    let registry = SchemaRegistry::default();
    assert_eq!(register(&registry, "a", avro("\"int\"")), Ok((1, 1)));
    assert_eq!(register(&registry, "a", avro(r#"{"type": "int"}"#)), Ok((1, 1)));
    assert_eq!(register(&registry, "b", avro("\"int\"")), Ok((1, 1)));
    assert_eq!(register(&registry, "b", avro("\"long\"")), Ok((2, 2)));
    assert_eq!(register(&registry, "c", json(r#"{"a":1,"b":2}"#)), Ok((3, 1)));
    assert_eq!(register(&registry, "d", json(r#"{"b":2,"a":1}"#)), Ok((3, 1)));
    let subjects: Vec<_> = registry.versions_of(1, false).unwrap();
    let subjects: Vec<_> = subjects.iter().map(|found| found.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b"]);
    assert_eq!(registry.schema(9).err(), Some(RegistryError::IdNotFound(9)));
}

#[test]
fn each_level_admits_what_it_should() {
    use CompatibilityLevel::*;
    let levels = [
        None,
        Backward,
        BackwardTransitive,
        Forward,
        ForwardTransitive,
        Full,
        FullTransitive,
    ];
    // The versions that are there, the next one, and the levels that admit it, in the order above.
    let cases: &[(&[&str], &str, [bool; 7])] = &[
        (&[N], N_M, [true, false, false, true, true, false, false]),
        (&[N_M], N, [true, true, true, false, false, false, false]),
        (&[N], N_M_DEFAULT, [true; 7]),
        (
            &[N, N_M_DEFAULT],
            N_M,
            [true, true, false, true, true, true, false],
        ),
        (
            &[N_M, N_M_DEFAULT],
            N,
            [true, true, true, true, false, true, false],
        ),
    ];
    for (earlier, next, expected) in cases {
        for (level, expected) in levels.into_iter().zip(expected) {
            let registry = SchemaRegistry::default();
            registry.set_level(Some("s"), None).unwrap();
            for fields in *earlier {
                registry.register("s", record(fields)).unwrap();
            }
            registry.set_level(Some("s"), level).unwrap();
            let reasons = registry
                .incompatibilities("s", Option::None, &record(next))
                .unwrap();
            assert_eq!(
                reasons.is_empty(),
                *expected,
                "{level} {earlier:?} {next}: {reasons:?}"
            );
            let registered = registry.register("s", record(next));
            assert_eq!(registered.is_ok(), *expected, "{level} {earlier:?} {next}");
            if let Err(error) = registered {
                assert_eq!(error.code(), 409);
            }
        }
    }
}

#[test]
fn schemas_that_are_not_compared_are_refused_by_name() {
    let registry = SchemaRegistry::default();
    registry.register("s", json("{}")).unwrap();
    assert_eq!(register(&registry, "s", json("{ }")), Ok((1, 1)));
    let refused = registry.register("s", json("true")).unwrap_err();
    assert_eq!(refused.code(), 501);
    assert_eq!(
        refused.to_string(),
        "Esmeralda does not compare JSON schemas: set the compatibility of subject s to NONE (PUT /config/s with {\"compatibility\": \
         \"NONE\"}) to register another version"
    );
    registry.set_level(Some("s"), CompatibilityLevel::None).unwrap();
    assert_eq!(register(&registry, "s", json("true")), Ok((2, 2)));
    // Another type is never compatible.
    registry.reset_level(Some("s")).unwrap();
    assert_eq!(registry.register("s", avro("\"int\"")).unwrap_err().code(), 409);
}

#[test]
fn a_subject_is_deleted_softly_and_then_for_good() {
    let registry = SchemaRegistry::default();
    registry.register("s", avro("\"int\"")).unwrap();
    registry.register("s", avro("\"long\"")).unwrap();
    let latest = VersionSelector::Latest;
    let code = |error: RegistryError| error.code();
    assert_eq!(registry.delete_subject("x", false).map_err(code), Err(40401));
    assert_eq!(registry.delete_subject("s", true).map_err(code), Err(40405));
    assert_eq!(registry.delete_version("s", latest, false), Ok(2));
    assert_eq!(registry.versions("s", false), Ok(vec![1]));
    assert_eq!(registry.versions("s", true), Ok(vec![1, 2]));
    let two = VersionSelector::Number(2);
    assert_eq!(registry.delete_version("s", two, false).map_err(code), Err(40406));
    assert_eq!(registry.version("s", two, false).err().map(code), Some(40402));
    assert_eq!(
        registry
            .delete_version("s", VersionSelector::Number(1), true)
            .map_err(code),
        Err(40407)
    );
    // A deleted schema comes back under its id, with a new version.
    assert_eq!(register(&registry, "s", avro("\"long\"")), Ok((2, 3)));
    assert_eq!(registry.delete_subject("s", false), Ok(vec![1, 3]));
    assert_eq!(registry.delete_subject("s", false).map_err(code), Err(40404));
    assert_eq!(registry.subjects(false), [""; 0]);
    assert_eq!(registry.subjects(true), ["s"]);
    assert_eq!(
        registry.schema(1).map(|stored| stored.schema.text),
        Ok("\"int\"".to_owned())
    );
    assert_eq!(registry.delete_subject("s", true), Ok(vec![1, 2, 3]));
    assert_eq!(registry.schema(1).err().map(code), Some(40403));
    assert_eq!(register(&registry, "s", avro("\"int\"")), Ok((3, 1)));
}

#[test]
fn a_schema_that_is_referred_to_stays() {
    let registry = SchemaRegistry::default();
    let money = avro(r#"{"type":"record","name":"Money","fields":[]}"#);
    registry.register("money", money).unwrap();
    let reference = |version| SchemaReference {
        name: "Money".to_owned(),
        subject: "money".to_owned(),
        version,
    };
    let order = |version| NewSchema {
        references: vec![reference(version)],
        ..record(r#"{"name":"price","type":"Money"}"#)
    };
    assert_eq!(
        registry.register("order", order(2)).err(),
        Some(RegistryError::InvalidReference(reference(2)))
    );
    assert_eq!(register(&registry, "order", order(1)), Ok((2, 1)));
    assert_eq!(
        registry.referenced_by("money", VersionSelector::Latest),
        Ok(vec![2])
    );
    assert_eq!(registry.delete_subject("money", false).unwrap_err().code(), 42206);
    registry.delete_subject("order", false).unwrap();
    registry.delete_subject("order", true).unwrap();
    assert_eq!(registry.delete_subject("money", false), Ok(vec![1]));
}

#[test]
fn a_read_only_subject_does_not_change() {
    let registry = SchemaRegistry::default();
    registry.register("s", avro("\"int\"")).unwrap();
    registry.set_mode(None, RegistryMode::ReadOnly).unwrap();
    assert_eq!(
        registry.register("s", avro("\"long\"")).unwrap_err().code(),
        42205
    );
    assert_eq!(registry.delete_subject("s", false).unwrap_err().code(), 42205);
    registry.set_mode(Some("s"), RegistryMode::ReadWrite).unwrap();
    assert_eq!(register(&registry, "s", avro("\"long\"")), Ok((2, 2)));
    assert_eq!(registry.mode(Some("t"), false).unwrap_err().code(), 40409);
    assert_eq!(registry.mode(Some("t"), true), Ok(RegistryMode::ReadOnly));
    assert_eq!(registry.reset_mode("s"), Ok(RegistryMode::ReadWrite));
    assert_eq!(registry.level(Some("s"), false).unwrap_err().code(), 40408);
}

#[test]
fn invalid_words_have_confluents_codes() {
    let registry = SchemaRegistry::default();
    assert_eq!("x".parse::<VersionSelector>().unwrap_err().code(), 42202);
    assert_eq!("0".parse::<VersionSelector>().unwrap_err().code(), 42202);
    assert_eq!("-1".parse(), Ok(VersionSelector::Latest));
    assert_eq!("x".parse::<CompatibilityLevel>().unwrap_err().code(), 42203);
    assert_eq!("full_transitive".parse(), Ok(CompatibilityLevel::FullTransitive));
    assert_eq!("IMPORT".parse::<RegistryMode>().unwrap_err().code(), 42204);
    assert_eq!(
        registry.register("s", avro("nonsense")).unwrap_err().code(),
        42201
    );
    assert_eq!(
        registry.register(":.c:s", avro("\"int\"")).unwrap_err().code(),
        42208
    );
    registry.register("s", avro("\"int\"")).unwrap();
    assert_eq!(
        registry.find("s", &avro("\"long\""), false).unwrap_err().code(),
        40403
    );
    assert_eq!(
        registry.find("t", &avro("\"int\""), false).unwrap_err().code(),
        40401
    );
}
