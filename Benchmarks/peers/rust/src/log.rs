//! The scoring log on stdout, in Bungalow's format, written in batches: every 5 ms, or at 64 KiB.
use crate::floats;
use crate::service::Id;
use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ENOUGH_BYTES: usize = 64 << 10;
const INTERVAL: Duration = Duration::from_millis(5);

/// The buffers of all threads; each locks only its own, without contention until the shutdown.
#[derive(Default)]
pub struct Log(Mutex<Vec<Buffer>>);

pub type Buffer = Arc<Mutex<Vec<u8>>>;

impl Log {
    pub fn buffer(&self) -> Buffer {
        let buffer = Buffer::default();
        self.0.lock().unwrap().push(buffer.clone());
        buffer
    }

    /// Waits for SIGTERM or SIGINT, then writes the waiting lines and ends the process.
    pub fn wait_for_end(&self) {
        use tokio::signal::unix::{signal, SignalKind};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            signal(SignalKind::terminate()).unwrap().recv().await;
        });
        for buffer in self.0.lock().unwrap().iter() {
            write(&mut buffer.lock().unwrap());
        }
        std::process::exit(0)
    }
}

fn write(lines: &mut Vec<u8>) {
    if let Err(error) = std::io::stdout().lock().write_all(lines).and_then(|_| std::io::stdout().flush()) {
        eprintln!("the log: {error}");
    }
    lines.clear();
}

/// The log of one thread.
pub struct Writer {
    buffer: Buffer,
    clock: RefCell<Clock>,
}

#[derive(Default)]
struct Clock {
    second: u64,
    text: String,
    /// The Date field of responses.
    date: String,
}

impl Writer {
    pub fn new(buffer: Buffer) -> Writer {
        Writer { buffer, clock: RefCell::default() }
    }

    /// One scored call; without a time, a refused one, which has only the first line.
    pub fn add(&self, status: u16, length: usize, id: &Id, scoring: Option<Duration>) {
        let mut clock = self.clock.borrow_mut();
        clock.update();
        let mut lines = self.buffer.lock().unwrap();
        lines.extend_from_slice(b"127.0.0.1 - - [");
        lines.extend_from_slice(clock.text.as_bytes());
        lines.extend_from_slice(b"] \"POST /predict HTTP/1.1\" ");
        floats::push_integer(&mut lines, usize::from(status));
        lines.push(b' ');
        floats::push_integer(&mut lines, length);
        lines.extend_from_slice(b" \"-\" \"-\"\n");
        if let Some(time) = scoring {
            lines.extend_from_slice(b"X-Ms-Request-Id: ");
            lines.extend_from_slice(id.text());
            lines.extend_from_slice(b"\nPrediction took ");
            // In steps of 0.0001 ms, four digits after the point.
            let steps = (time.as_nanos() as usize + 50) / 100;
            floats::push_integer(&mut lines, steps / 10_000);
            let fraction = steps % 10_000;
            lines.push(b'.');
            for unit in [1000, 100, 10, 1] {
                lines.push(b'0' + (fraction / unit % 10) as u8);
            }
            lines.extend_from_slice(b" ms\n");
        }
        if lines.len() >= ENOUGH_BYTES {
            write(&mut lines);
        }
    }

    pub fn push_date(&self, head: &mut Vec<u8>) {
        let mut clock = self.clock.borrow_mut();
        clock.update();
        head.extend_from_slice(clock.date.as_bytes());
    }

    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            let mut lines = self.buffer.lock().unwrap();
            if !lines.is_empty() {
                write(&mut lines);
            }
        }
    }
}

impl Clock {
    fn update(&mut self) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        if second == self.second {
            return;
        }
        self.second = second;
        // Days to year, month and day in the proleptic Gregorian calendar (Howard Hinnant's algorithm).
        let days = second as i64 / 86_400 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (hour, minute) = (second / 3600 % 24, second / 60 % 60);
        self.text =
            format!("{day:02}/{}/{year}:{hour:02}:{minute:02}:{:02} +0000", MONTHS[month as usize - 1], second % 60);
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(second / 86_400 % 7) as usize];
        self.date = format!(
            "Date: {weekday}, {day:02} {} {year} {hour:02}:{minute:02}:{:02} GMT\r\n",
            MONTHS[month as usize - 1],
            second % 60
        );
    }
}
