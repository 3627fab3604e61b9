"""The process: start-up, configuration, logging, INFO, cron."""
