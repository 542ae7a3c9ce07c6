//! Reads what strace wrote (`-f -xx`, all strings in hexadecimal): one entry and one exit for each system call, in the
//! order in which they were seen. The tracer stops a thread at both, so whatever happened because a call had ended
//! stands behind its exit, and whatever a call did happened between the two.

use std::collections::HashMap;
use std::io::BufRead;

/// A moment of the recording: lines are its clock.
pub type Moment = usize;

/// What one line tells.
#[derive(Debug, PartialEq)]
pub enum Seen {
    /// A thread went into a call.
    Enter(Call),
    /// It came back; negative numbers are errors.
    Leave { thread: u32, result: i64 },
}

/// A call with its arguments as text.
#[derive(Debug, PartialEq)]
pub struct Call {
    pub thread: u32,
    pub name: String,
    pub arguments: Vec<String>,
}

impl Call {
    /// An argument that is a number, such as a descriptor.
    pub fn number(&self, index: usize) -> Option<i64> {
        self.arguments.get(index)?.parse().ok()
    }

    /// An argument that is one string.
    pub fn text(&self, index: usize) -> Option<String> {
        String::from_utf8(strings(self.arguments.get(index)?)?).ok()
    }

    /// The bytes that a call writes: one string, or those of all its buffers.
    pub fn bytes(&self, index: usize) -> Option<Vec<u8>> {
        strings(self.arguments.get(index)?)
    }

    /// Whether an argument of flags has this one.
    pub fn has(&self, index: usize, flag: &str) -> bool {
        self.arguments
            .get(index)
            .is_some_and(|flags| flags.split('|').any(|one| one == flag))
    }
}

/// Reads all lines; `seen` is given what each of them tells, at its moment. Returns the moment after the last.
///
/// # Panics
/// On a line that is not understood: a recording that is read wrongly proves nothing.
pub fn read(lines: impl BufRead, begin: Moment, mut seen: impl FnMut(Moment, Seen)) -> Moment {
    let mut moment = begin;
    let mut inside: HashMap<u32, String> = HashMap::new();
    for line in lines.split(b'\n') {
        let line = String::from_utf8(line.expect("the trace can be read")).expect("strace writes ASCII");
        for one in parse(&line, &mut inside) {
            seen(moment, one);
            moment += 1;
        }
    }
    moment
}

/// What a line tells: an entry, an exit, or both. `inside` holds the name of the call that each thread is in.
fn parse(line: &str, inside: &mut HashMap<u32, String>) -> Vec<Seen> {
    let (thread, rest) = line.split_once(' ').unwrap_or_else(|| unknown(line));
    let thread: u32 = thread.parse().unwrap_or_else(|_| unknown(line));
    let rest = rest.trim_start();
    if rest.starts_with("---") || rest.starts_with("+++") {
        return Vec::new();
    }
    if let Some(resumed) = rest.strip_prefix("<... ") {
        let (name, rest) = resumed.split_once(" resumed>").unwrap_or_else(|| unknown(line));
        assert_eq!(inside.remove(&thread).as_deref(), Some(name), "{line}");
        let (_, result) = rest.split_once(')').unwrap_or_else(|| unknown(line));
        return leave(thread, result, line).into_iter().collect();
    }
    let (name, rest) = rest.split_once('(').unwrap_or_else(|| unknown(line));
    let call = |arguments: &str| {
        Seen::Enter(Call {
            thread,
            name: name.to_owned(),
            arguments: split(arguments),
        })
    };
    if let Some(arguments) = rest.strip_suffix("<unfinished ...>") {
        let earlier = inside.insert(thread, name.to_owned());
        assert_eq!(earlier, None, "{line}");
        return vec![call(arguments.trim_end().trim_end_matches(','))];
    }
    // Strings are hexadecimal, so the first bracket is the one that closes.
    let (arguments, result) = rest.split_once(')').unwrap_or_else(|| unknown(line));
    let mut both = vec![call(arguments)];
    both.extend(leave(thread, result, line));
    both
}

/// The exit, unless the thread was killed before.
fn leave(thread: u32, result: &str, line: &str) -> Option<Seen> {
    let result = result
        .trim_start()
        .strip_prefix("= ")
        .unwrap_or_else(|| unknown(line));
    let word = result.split(' ').next().unwrap_or_default();
    if word == "?" {
        return None;
    }
    let result = match word.strip_prefix("0x") {
        Some(address) => i64::from_str_radix(address, 16).unwrap_or_else(|_| unknown(line)),
        None => word.parse().unwrap_or_else(|_| unknown(line)),
    };
    Some(Seen::Leave { thread, result })
}

fn unknown(line: &str) -> ! {
    let line: String = line.chars().take(300).collect();
    panic!("a line of strace that is not understood: {line}")
}

/// Arguments, at the commas that stand in no brackets.
fn split(arguments: &str) -> Vec<String> {
    let (mut all, mut one, mut depth) = (Vec::new(), String::new(), 0);
    for letter in arguments.chars() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(std::mem::take(&mut one).trim().to_owned());
                continue;
            }
            _ => {}
        }
        one.push(letter);
    }
    if !one.trim().is_empty() {
        all.push(one.trim().to_owned());
    }
    all
}

/// All strings of an argument, one behind the other; `None` when there is none, or when strace cut one short.
fn strings(argument: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(argument.len() / 4);
    let mut pieces = argument.split('"');
    pieces.next()?;
    let mut any = false;
    while let Some(text) = pieces.next() {
        any = true;
        for code in text.split("\\x").skip(1) {
            bytes.push(u8::from_str_radix(code, 16).ok()?);
        }
        if pieces.next()?.starts_with("...") {
            return None;
        }
    }
    any.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Seen> {
        let mut all = Vec::new();
        let end = read(text.as_bytes(), 0, |moment, seen| {
            assert_eq!(moment, all.len());
            all.push(seen);
        });
        assert_eq!(end, all.len());
        all
    }

    fn call(thread: u32, name: &str, arguments: &[&str]) -> Seen {
        let arguments = arguments.iter().map(|&one| one.to_owned()).collect();
        Seen::Enter(Call {
            thread,
            name: name.to_owned(),
            arguments,
        })
    }

    #[test]
    fn calls_of_two_threads_are_told_apart() {
        let text = concat!(
            "10 pwrite64(13, \"\\x41\\x42\", 2, 8192 <unfinished ...>\n",
            "11 fsync(7) = 0\n",
            "10 <... pwrite64 resumed>)          = 2\n",
            "10 openat(AT_FDCWD, \"\\x2f\\x61\", O_RDWR|O_CREAT, 0644) = -1 ENOENT (No such file or directory)\n",
        );
        let leave = |thread, result| Seen::Leave { thread, result };
        assert_eq!(
            told(text),
            [
                call(10, "pwrite64", &["13", r#""\x41\x42""#, "2", "8192"]),
                call(11, "fsync", &["7"]),
                leave(11, 0),
                leave(10, 2),
                call(
                    10,
                    "openat",
                    &["AT_FDCWD", r#""\x2f\x61""#, "O_RDWR|O_CREAT", "0644"]
                ),
                leave(10, -1),
            ]
        );
    }

    #[test]
    fn who_is_killed_in_a_call_never_leaves_it() {
        let text = concat!(
            "10 fsync(7) = ?\n",
            "11 fsync(7 <unfinished ...>\n",
            "11 +++ killed by SIGKILL +++\n",
            "10 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---\n",
        );
        assert_eq!(told(text), [call(10, "fsync", &["7"]), call(11, "fsync", &["7"])]);
    }

    #[test]
    fn arguments_are_read() {
        let all = told(
            "7 writev(9, [{iov_base=\"\\x48\\x49\", iov_len=2}, {iov_base=\"\\x00\", iov_len=1}], 2) = 3\n",
        );
        let Seen::Enter(call) = &all[0] else { panic!() };
        assert_eq!(call.number(0), Some(9));
        assert_eq!(call.bytes(1), Some(vec![0x48, 0x49, 0]));
        assert_eq!(call.bytes(2), None);
        let all = told("7 openat(AT_FDCWD, \"\\x2f\\x61\", O_RDONLY|O_CLOEXEC) = 3\n");
        let Seen::Enter(call) = &all[0] else { panic!() };
        assert_eq!(call.text(1).as_deref(), Some("/a"));
        assert!(call.has(2, "O_CLOEXEC") && !call.has(2, "O_CREAT"));
    }

    #[test]
    fn a_string_that_was_cut_short_is_not_taken_for_all() {
        let all = told("7 write(9, \"\\x48\"..., 20) = 20\n");
        let Seen::Enter(call) = &all[0] else { panic!() };
        assert_eq!(call.bytes(1), None);
    }

    #[test]
    #[should_panic(expected = "not understood")]
    fn a_line_that_is_not_understood_ends_the_proof() {
        told("7 what is this\n");
    }
}
