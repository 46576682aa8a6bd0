package demo

// schoolNames are plants and animals; no school is meant.
var schoolNames = []string{
	"Marmot", "Magpie", "Columbine", "Pika", "Bluebird", "Chickadee", "Snowberry", "Paintbrush", "Kinglet", "Larkspur",
	"Ptarmigan", "Tanager", "Bitterroot", "Nuthatch",
	"Meadowlark", "Pronghorn", "Yucca", "Killdeer", "Bluestem", "Burrowing Owl", "Sandhill", "Sunflower", "Jackrabbit",
	"Prairie Dog", "Goldfinch", "Milkweed", "Kestrel",
	"Pinyon", "Roadrunner", "Sagebrush", "Canyon Wren", "Collared Lizard", "Cliffrose", "Swift", "Serviceberry", "Towhee",
	"Bobcat", "Globemallow", "Tumbleweed", "Phoebe",
}

// tinySchool has fewer families than a number may be shown about.
const tinySchool = "Tumbleweed"

var givenNames = []string{
	"Alex", "Ana", "Bao", "Carmen", "Casey", "Dana", "Diego", "Elif", "Esther", "Fatima", "Gael", "Hana", "Ines", "Jamal",
	"Jordan", "Kai", "Lena", "Luz", "Mai", "Marek", "Nadia", "Noor", "Omar", "Paz", "Quinn", "Rosa", "Sam", "Tariq", "Uma",
	"Vera", "Wren", "Ximena", "Yusuf", "Zoe",
}

// familyNames leave no doubt that nobody is meant.
var familyNames = []string{
	"Example", "Sample", "Specimen", "Storybook", "Makebelieve", "Figment", "Pretend", "Placeholder", "Ejemplo", "Inventado",
}

func displayName(seed uint64, id string) string {
	r := random(seed, "name "+id)
	return givenNames[r.IntN(len(givenNames))] + " " + familyNames[r.IntN(len(familyNames))]
}

// remarks are what some families write; none can point at a person.
var remarks = struct{ english, spanish []string }{
	english: []string{
		"Please send messages a few days earlier.", "The greeting at the door makes a difference.",
		"I would like to know how to help with reading at home.", "Evening meetings work better for us.",
		"The open house was wonderful.", "Letters are long; a summary would help.",
	},
	spanish: []string{
		"Por favor avisen con unos días más.", "Nos gusta el saludo en la puerta.",
		"Quisiera saber cómo ayudar con la lectura en casa.", "Las reuniones por la tarde nos convienen más.",
		"Las cartas son largas; un resumen ayudaría.",
	},
}
