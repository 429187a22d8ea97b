package ledger

import "slices"

// Addressee is a member of an audience to whom alone something can be sent.
type Addressee struct {
	Member *Member
	// Address is the gateway's name for the member's connection.
	Address string
}

// addresses are the addressees of an audience. Those before next have had their turn in this
// round. Who has left is dropped when its turn comes, or before the list grows, so that
// leaving costs nothing.
type addresses struct {
	list []Addressee
	next int
}

// SetAddress notes the gateway's name for the listener's connection. It replaces an earlier
// one. Listeners without an address take no memory for it.
func (l *Listener) SetAddress(address string) {
	l.members(func(m *Member) { m.setAddress(address) })
}

func (m *Member) setAddress(address string) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.addresses == nil {
		a.addresses = new(addresses)
	}
	known := a.addresses
	if m.addressed {
		if i := known.find(m); i >= 0 {
			known.list[i].Address = address
			return
		}
	}
	m.addressed = true
	known.add(Addressee{m, address})
}

// NextAddressee returns the addressee whose turn it is: of those that are ready one after
// another, in the order in which their addresses became known, and then from the beginning.
// It reports whether there is any.
func (a *Audience) NextAddressee() (Addressee, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.addresses == nil {
		return Addressee{}, false
	}
	return a.addresses.take()
}

// ForgetAddress notes that nothing can be sent to the member any more, though it may not have
// left.
func (a *Audience) ForgetAddress(m *Member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.addresses == nil {
		return
	}
	if i := a.addresses.find(m); i >= 0 {
		a.addresses.remove(i)
	}
}

// take is NextAddressee, with the lock held.
func (s *addresses) take() (Addressee, bool) {
	for passed := 0; passed < len(s.list); {
		if s.next >= len(s.list) {
			s.next = 0
		}
		switch next := s.list[s.next]; next.Member.state {
		case listening:
			s.next++
			return next, true
		case connecting:
			s.next++
			passed++
		case gone, cutOff:
			s.drop(s.next)
		}
	}
	return Addressee{}, false
}

// add adds one that has its turn in this round. The lock is held.
func (s *addresses) add(one Addressee) {
	if len(s.list) == cap(s.list) {
		s.dropGone()
		s.list = slices.Grow(s.list, len(s.list)/2+1) // at once, or it would soon be full again
	}
	s.list = append(s.list, one)
}

// drop takes one away that hasn't had its turn. The last takes its place, which hasn't either.
func (s *addresses) drop(i int) {
	last := len(s.list) - 1
	s.list[i] = s.list[last]
	s.list[last] = Addressee{}
	s.list = s.list[:last]
}

// remove takes one away and leaves the others in their order.
func (s *addresses) remove(i int) {
	s.list = slices.Delete(s.list, i, i+1)
	if i < s.next {
		s.next--
	}
}

// dropGone takes those away who have left.
func (s *addresses) dropGone() {
	had := 0 // their turn, of those that stay
	kept := s.list[:0]
	for i, one := range s.list {
		if one.Member.state == gone || one.Member.state == cutOff {
			continue
		}
		if kept = append(kept, one); i < s.next {
			had++
		}
	}
	clear(s.list[len(kept):])
	s.list, s.next = kept, had
}

// find returns the place of a member, or -1.
func (s *addresses) find(m *Member) int {
	return slices.IndexFunc(s.list, func(one Addressee) bool { return one.Member == m })
}
