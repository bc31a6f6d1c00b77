"""The lock beside a job file: what every output was made of, to be committed."""
