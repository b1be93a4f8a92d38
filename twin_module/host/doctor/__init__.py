"""What `twin doctor` looks at: everything that has to be right for a twin to work, and how to mend it."""
