"""What a job asks for, made from tracks."""
