-- Silences that come back: domain::alert::Repeat as it is written, "mon,tue 22:00 06:00 Europe/Berlin".
ALTER TABLE alert_silence ADD COLUMN repeats TEXT;
