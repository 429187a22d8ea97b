package chat

import "strings"

// help is the answer to /help, in the words of the blog's application.
const help = `Commands available:
    /help
          显示此消息
    /join {chat_room_name}
          加入名为{chat_room_name}的聊天室
    /nick {nickname}
          将您的名字更改为{nickname}。如果没有{nickname}，将打印您的当前姓名
    /room
          打印出您当前房间的名称
    /ls
          如果您在一个房间中，请同时在其中列出所有用户，房间。否则，列出所有房间
    /quit
          离开当前房间

如果您在房间里，无法发送以/开头的消息，并且消息会发送给所有人`

// command handles a command. text is without the slash that it began with.
func (a *App) command(id string, user User, text string) error {
	words := strings.Split(text, " ")
	argument := ""
	if len(words) > 1 {
		argument = words[1]
	}
	switch name := strings.ToLower(words[0]); name {
	case "whoami": // ours: the blog's application hasn't got it
		return a.reply(id, id)
	case "help":
		return a.reply(id, help)
	case "nick":
		return a.nick(id, user, argument)
	case "join":
		return a.join(id, user, argument)
	case "room":
		return a.room(id, user)
	case "ls":
		return a.list(id, user)
	case "quit":
		return a.quit(id, user)
	default:
		return a.reply(id, "Unknown command: "+name)
	}
}

func (a *App) nick(id string, user User, name string) error {
	if name == "" {
		return a.reply(id, "Current nickname: "+user.Name)
	}
	old := user.Name
	user.Name = name
	a.store.Put(id, user)
	if err := a.reply(id, "Nickname is: "+name); err != nil || user.Room == "" {
		return err
	}
	return a.announce(id, user.Room, old+" is now known as "+name+".")
}

func (a *App) join(id string, user User, room string) error {
	if room == "" {
		return a.reply(id, "Which chat room? Type /join {room_name}.")
	}
	if user.Room != "" {
		if err := a.quit(id, user); err != nil {
			return err
		}
	}
	a.connections.Joined(id)
	a.store.Put(id, User{Name: user.Name, Room: room})
	return a.reply(id, `Joined chat room "`+room+`"`)
}

func (a *App) room(id string, user User) error {
	if user.Room == "" {
		return a.reply(id, "Not currently in a room. Type /join {room_name} to do so.")
	}
	return a.reply(id, user.Room)
}

func (a *App) list(id string, user User) error {
	if user.Room == "" {
		return a.reply(id, strings.Join(a.store.Rooms(), "\n"))
	}
	var names []string
	for _, member := range a.store.Members(user.Room) {
		if u, ok := a.store.Get(member); ok {
			names = append(names, u.Name)
		}
	}
	return a.reply(id, strings.Join(names, "\n"))
}

func (a *App) quit(id string, user User) error {
	if user.Room == "" {
		return nil
	}
	a.store.Put(id, User{Name: user.Name})
	if err := a.reply(id, `Left chat room "`+user.Room+`"`); err != nil {
		return err
	}
	return a.announce(id, user.Room, user.Name+" left room.")
}

// announce posts a text to everyone in a room but one. It is a message of the
// application itself, so it is not counted as a broadcast.
func (a *App) announce(id, room, text string) error {
	for _, member := range a.store.Members(room) {
		if member == id {
			continue
		}
		if err := a.reply(member, text); err != nil {
			return err
		}
	}
	return nil
}
