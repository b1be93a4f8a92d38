"""What somebody says, read as commands that capabilities declare: words, names, dates. Pure."""
