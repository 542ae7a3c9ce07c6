//! Five hundred ways to change a log behind our back: each must be found. And the one that only a head can show.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

use store::audit::{AuditKey, Fault, Verifier, seal};
use store::{AuditEntry, AuditHead, SealedEntry, TenantId};

const ENTRIES: u64 = 24;

/// What is done to one entry.
type Edit = (&'static str, fn(&mut SealedEntry));

fn tenant(slug: &str) -> TenantId {
    TenantId::parse(slug).unwrap()
}

fn chain(key: &AuditKey, slug: &str, entries: u64) -> Vec<SealedEntry> {
    let mut chain: Vec<SealedEntry> = Vec::new();
    for n in 0..entries {
        let entry = AuditEntry {
            at: 1_790_000_000_000 + n as i64 * 1_000,
            actor: format!("account:{}", n % 3),
            address: format!("203.0.113.{n}"),
            action: ["key.create", "key.revoke", "session.open"][n as usize % 3].into(),
            target: format!("t{n}"),
            detail: format!("detail {n}"),
        };
        let previous = chain.last().map(|last| (last.n, last.hash));
        chain.push(seal(key, &tenant(slug), previous, entry));
    }
    chain
}

fn head(slug: &str, chain: &[SealedEntry]) -> AuditHead {
    let last = chain.last().unwrap();
    AuditHead {
        tenant: tenant(slug),
        n: last.n,
        hash: last.hash,
        mac: last.mac,
    }
}

fn verify(key: &AuditKey, chain: &[SealedEntry], heads: &[AuditHead]) -> Result<u64, Fault> {
    let tenant = tenant("acme");
    let mut verifier = Verifier::new(key, &tenant, heads);
    chain.iter().try_for_each(|entry| verifier.check(entry))?;
    verifier.finish().map(|verified| verified.entries)
}

/// Changes the entries from `at` on and chains them again, as far as that goes without the key.
fn anew(chain: &mut [SealedEntry], at: usize, change: impl Fn(&mut AuditEntry)) {
    let stranger = AuditKey::new([9; 32]);
    let mut previous = at
        .checked_sub(1)
        .map(|before| (chain[before].n, chain[before].hash));
    for sealed in &mut chain[at..] {
        change(&mut sealed.entry);
        *sealed = seal(&stranger, &tenant("acme"), previous, sealed.entry.clone());
        previous = Some((sealed.n, sealed.hash));
    }
}

/// What somebody who can write to the database, but has not the key, can do to it.
fn tamperings(original: &[SealedEntry], foreign: &[SealedEntry]) -> Vec<(String, Vec<SealedEntry>)> {
    let mut cases = Vec::new();
    let mut case = |name: String, change: &dyn Fn(&mut Vec<SealedEntry>)| {
        let mut changed = original.to_vec();
        change(&mut changed);
        cases.push((name, changed));
    };
    for at in 0..original.len() {
        let edits: [Edit; 11] = [
            ("time", |e| e.entry.at += 1),
            ("actor", |e| e.entry.actor.push('x')),
            ("address", |e| e.entry.address.clear()),
            ("action", |e| e.entry.action = "key.list".into()),
            ("target", |e| e.entry.target.insert(0, ' ')),
            ("detail", |e| e.entry.detail = e.entry.detail.to_uppercase()),
            ("hash", |e| e.hash[31] ^= 1),
            ("seal", |e| e.mac[0] ^= 0x80),
            ("number", |e| e.n += 1),
            ("text moved", |e| {
                let last = e.entry.detail.pop().unwrap();
                e.entry.target.push(last);
            }),
            ("time and number", |e| {
                e.entry.at -= 1;
                e.n -= 1;
            }),
        ];
        for (name, edit) in edits {
            case(format!("{name} of {at}"), &|chain| edit(&mut chain[at]));
        }
        // Cutting off the newest is the one that needs a head.
        if at + 1 < original.len() {
            case(format!("{at} removed"), &|chain| {
                chain.remove(at);
            });
            case(format!("{at} removed, the rest renumbered"), &|chain| {
                chain.remove(at);
                (1..).zip(chain.iter_mut()).for_each(|(n, entry)| entry.n = n);
            });
            case(format!("{at} exchanged with the next"), &|chain| {
                chain.swap(at, at + 1)
            });
            case(format!("contents of {at} and the next exchanged"), &|chain| {
                let first = chain[at].entry.clone();
                chain[at].entry = std::mem::replace(&mut chain[at + 1].entry, first);
            });
        }
        case(format!("{at} stands twice"), &|chain| {
            chain.insert(at, chain[at].clone())
        });
        case(format!("{at} replayed at the end"), &|chain| {
            chain.push(chain[at].clone())
        });
        case(format!("{at} is another tenant's"), &|chain| {
            chain[at] = foreign[at].clone()
        });
        case(format!("from {at} on another tenant's"), &|chain| {
            chain.truncate(at);
            chain.extend_from_slice(&foreign[at..]);
        });
        case(
            format!("{at} and all after it written anew without the key"),
            &|chain| anew(chain, at, |entry| entry.detail.push('!')),
        );
        case(
            format!("{at} and all after it written anew, seals kept"),
            &|chain| {
                let seals: Vec<[u8; 32]> = chain.iter().map(|sealed| sealed.mac).collect();
                anew(chain, at, |entry| entry.actor = "system".into());
                chain
                    .iter_mut()
                    .zip(seals)
                    .for_each(|(sealed, mac)| sealed.mac = mac);
            },
        );
    }
    cases
}

#[test]
fn every_tampering_is_found() {
    let key = AuditKey::new([7; 32]);
    let original = chain(&key, "acme", ENTRIES);
    let foreign = chain(&key, "beta", ENTRIES);
    let heads = [head("acme", &original)];
    assert_eq!(verify(&key, &original, &heads), Ok(ENTRIES));
    let cases = tamperings(&original, &foreign);
    let mut found = 0;
    for (name, changed) in &cases {
        assert_ne!(*changed, original, "{name} changes nothing");
        // Without a head: none of these needs one.
        assert!(verify(&key, changed, &[]).is_err(), "not found: {name}");
        found += 1;
    }
    for kept in 0..ENTRIES as usize {
        let cut = &original[..kept];
        assert_eq!(
            verify(&key, cut, &[]),
            Ok(kept as u64),
            "a shorter chain is a chain"
        );
        let fault = verify(&key, cut, &heads);
        assert_eq!(
            fault,
            Err(Fault::CutOff {
                entries: kept as u64,
                head: ENTRIES
            })
        );
        found += 1;
    }
    println!("{found} tamperings, all found");
    assert!(found >= 500, "{found}");
}

#[test]
fn a_head_only_counts_when_it_was_sealed() {
    let key = AuditKey::new([7; 32]);
    let original = chain(&key, "acme", 5);
    let mut forged = head("acme", &original[..3]);
    assert_eq!(verify(&key, &original, &[forged.clone()]), Ok(5));
    forged.mac[3] ^= 1;
    assert_eq!(verify(&key, &original, &[forged]), Err(Fault::ForeignHead(3)));
    let mut other = original[1].clone();
    other.entry.detail.clear();
    let other = seal(&key, &tenant("acme"), Some((1, original[0].hash)), other.entry);
    let elsewhere = head("acme", &[other]);
    assert_eq!(verify(&key, &original, &[elsewhere]), Err(Fault::OtherHead(2)));
    // Another tenant's head says nothing about this chain.
    let beta = head("beta", &chain(&key, "beta", 9));
    assert_eq!(verify(&key, &original, &[beta]), Ok(5));
}

#[test]
fn the_wrong_key_is_told_from_a_changed_entry() {
    let key = AuditKey::new([7; 32]);
    let original = chain(&key, "acme", 5);
    assert_eq!(
        verify(&AuditKey::new([8; 32]), &original, &[]),
        Err(Fault::Seal(1))
    );
}
