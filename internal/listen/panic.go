package listen

// recoverPanic drops a panic, so that it doesn't end the process. Defer it where
// there is nobody to return an error to.
func recoverPanic() { _ = recover() }
