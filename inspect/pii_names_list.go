package inspect

import "strings"

// What is known of words that begin with a capital. The lists are short: the
// given names that are most common where each language is spoken, and family
// names that are hardly words of any of them.
const (
	isGiven  uint8 = 1 << iota // a given name, and hardly anything else
	isShared                   // a given name that is a word, a place or a brand as well
	isFamily                   // a family name
	isThing                    // what it follows, or begins, is not a person
)

// nameWords says what each listed word is.
var nameWords = func() map[string]uint8 {
	words := map[string]uint8{}
	for _, list := range []struct {
		kind  uint8
		names string
	}{{isGiven, givenEnglish}, {isGiven, givenEurope}, {isGiven, givenWorld}, {isGiven, givenMore}, {isShared, givenShared}, {isFamily, familyNames}, {isThing, thingWords}} {
		for word := range strings.FieldsSeq(list.names) {
			words[word] |= list.kind
		}
	}
	return words
}()

// nameHints holds a bit for the first four bytes of each given name, so that
// most words are refused before they are read to their end.
var nameHints = func() *[1 << 15]bool {
	hints := new([1 << 15]bool)
	for word, kind := range nameWords {
		if kind&(isGiven|isShared) != 0 {
			hints[nameHint(word[0], word[1], word[2], (word + " ")[3])] = true
		}
	}
	return hints
}()

// nameHint hashes four bytes, the last of which is a letter or none.
func nameHint(a, b, c, d byte) int {
	last := 0
	if personBytes[d] && d != '\'' && d != '-' {
		last = int(d & 31)
	}
	return int(a&31)<<10 ^ int(b&31)<<5 ^ int(c&31) ^ last*0x5a3&0x7fff
}

const givenEnglish = `
James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Steven Paul Andrew Joshua Kenneth
Kevin Brian George Timothy Ronald Edward Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin
Samuel Gregory Alexander Patrick Raymond Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Walter
Keith Roger Terry Harry Ralph Sean Jesse Roy Louis Billy Bruce Eugene Bryan Alan Albert Lawrence Gabriel Logan Randy Vincent Philip Phillip
Bobby Johnny Bradley Nathaniel Elijah Liam Oliver Lucas Theodore Caleb Isaac Wyatt Connor Owen Evan Dylan Luke Gavin Trevor Ian Colin Derek Brett
Craig Shane Travis Dustin Clifford Leonard Herbert Stanley Norman Clarence Howard Ernest Leroy Francis Melvin Marvin Alfred Arnold Edwin Harold
Stuart Graham Nigel Alistair Callum Declan Fergus Hamish Angus Ewan Rhys Gareth Rupert Hugo Archie Alfie Freddie Toby Jasper Ronan Cian Niall
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra Ashley Kimberly Emily Donna Michelle
Carol Amanda Dorothy Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma Nicole Helen
Samantha Katherine Catherine Christine Debra Rachel Carolyn Janet Maria Heather Diane Olivia Julie Joyce Virginia Kelly Lauren Christina Joan
Evelyn Judith Andrea Hannah Cheryl Jacqueline Martha Megan Teresa Gloria Sara Janice Ann Kathryn Abigail Sophia Frances Jean Alice Judy Isabella
Julia Denise Doris Danielle Marilyn Beverly Natalie Theresa Diana Brittany Kayla Alexis Lori Marie Isabel Sophie Ella Mia Chloe Zoe Phoebe
Tiffany Courtney Vanessa Monica Erica Erin Caitlin Kaitlyn Bethany Alyssa Alexandra Allison Gillian Fiona Siobhan Niamh Aoife Ciara Saoirse Orla
Moira Eleanor Harriet Imogen Beatrice Matilda Georgina Joanna Joanne Tracy Tracey Wendy Yvonne Maureen Sheila Geraldine Lorraine Marjorie Mildred
Edith Ethel Agnes Gertrude Bernice Lucille Thelma Wilma Nora Clara Lillian Miriam Naomi Esther Abby Becky Cathy Debbie Peggy Wanda Tamara Tara
Mike Dave Steve Chris Greg Jeff Matt Josh Ben Sam Joe Tom Tim Jim Ron Ken Andy Tony Alex Nick Rick Ted Fred Doug Phil Brad Chad Kate Katie Jenny
Liz Beth Meg Sally Susie Cindy Mandy Sandy Vicky Nikki Lucy Molly Annie Maggie Ellie Millie Elsie Maisie Poppy Freya Leah Aubrey Hailey Kaylee
Brianna Gianna Nevaeh Madelyn Adeline Penelope Eliza Audrey Claire Adrian Dominic Xavier Malcolm Darren Wayne Glenn Neil Barry Geoffrey Clive
Trisha Rhonda Latoya Tanisha Keisha Jamal DeShawn Tyrone Darnell Terrell Marcus Cedric Reginald Desmond Winston Clayton Clinton Preston Quentin
`

const givenEurope = `
Hans Klaus Jürgen Juergen Wolfgang Dieter Manfred Uwe Helmut Günter Guenter Gerhard Heinz Werner Bernd Horst Rainer Joachim Matthias Stefan Andreas
Thorsten Torsten Sebastian Tobias Florian Felix Jonas Lukas Leon Finn Niklas Moritz Johannes Friedrich Heinrich Karl Otto Franz Jörg Dirk Sven Holger
Anke Petra Sabine Monika Ursula Renate Ingrid Helga Gisela Brigitte Karin Heike Birgit Anja Katja Silke Claudia Kerstin Ute Gabriele Susanne Hannelore
Heidi Greta Johanna Katharina Lena Lea Leonie Nele Frieda Mareike Swantje Annika Svenja Melanie Nadine Steffi Wiebke Elke Jutta Bärbel Angelika
Pierre Jacques Philippe Michel Alain Nicolas Laurent Olivier Christophe François Francois Frédéric Frederic Thierry Sébastien Julien Guillaume
Antoine Mathieu Maxime Benoît Benoit Gérard Gerard Henri Yves Thibault Bastien Clément Clement Quentin Rémi Remi Étienne Gaston Marcel René Rene
Chantal Sylvie Nathalie Isabelle Valérie Valerie Céline Celine Aurélie Aurelie Émilie Emilie Camille Chloé Manon Léa Mathilde Élodie Elodie Véronique
Françoise Monique Brigitte Corinne Delphine Margaux Amélie Amelie Juliette Hélène Helene Geneviève Odile Solène Zoë Zoé Josette Ginette Colette
Antonio Manuel José Jose Francisco Juan Javier Carlos Miguel Alejandro Rafael Fernando Pablo Sergio Jorge Luis Alberto Álvaro Alvaro Diego Raúl Raul
Enrique Ramón Ramon Vicente Andrés Andres Joaquín Joaquin Ignacio Eduardo Ricardo Mateo Santiago Gonzalo Rodrigo Emilio Hernán Guillermo Arturo
Carmen María Maria Josefa Dolores Pilar Mercedes Lucía Lucia Ángeles Montserrat Rocío Rocio Beatriz Silvia Inés Ines Ximena Jimena Guadalupe Alejandra
Gabriela Valentina Camila Catalina Daniela Fernanda Mariana Esperanza Consuelo Yolanda Marisol Araceli Nuria Itziar Esther Leticia Graciela Rosario
Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Vincenzo Pietro Salvatore Franco Paolo Domenico Marco Giorgio Roberto Stefano Andrea Alessandro
Matteo Lorenzo Davide Simone Federico Riccardo Filippo Tommaso Gianluca Enrico Massimo Fabio Giulia Chiara Francesca Sara Martina Elena Valentina
Alessia Federica Elisa Silvia Paola Antonella Giovanna Lucia Rosa Caterina Ilaria Beatrice Bianca Ludovica Ginevra Raffaella Donatella Serena
João Joao Pedro Tiago Gustavo Thiago Felipe Bruno Rodrigo Leandro Marcelo Fabrício Vinícius Luiz Márcio Otávio Paulo Antônio Mateus Guilherme
Fernanda Juliana Patrícia Adriana Renata Aline Letícia Larissa Beatriz Thaís Natália Luana Rafaela Inês Mafalda Conceição Helena Sofia Joana Ana
Jan Piet Kees Willem Hendrik Pieter Johan Joost Maarten Jeroen Bas Sander Wouter Ruben Daan Sem Lars Bram Thijs Anneke Marieke Femke Sanne
Lotte Maaike Fleur Anouk Marloes Willemijn Jolanda Saskia Ilse Griet Katrien
Erik Anders Lars Per Karl Johan Nils Mikael Fredrik Gustav Olof Björn Bjorn Magnus Henrik Håkan Mattias Oskar Axel Emil Viktor Elin Astrid Ingrid Karin
Kerstin Birgitta Margareta Maja Ebba Linnea Annika Sigrid Solveig Gunilla Agneta Frida Tove Liv Ragnhild Øyvind Kjell Trond Terje Geir Odd Jens Søren
Soren Mads Rasmus Mikkel Kasper Anne Mette Kirsten Hanne Inger Lone Bente Pernille Katrine Signe Freja Matti Juha Timo Kari Mikko Antti Jukka Pekka
Heikki Markku Ville Eero Aino Eeva Päivi Tuula Liisa Anneli Kaisa Riikka Sanna Hanna Katri
Piotr Krzysztof Andrzej Tomasz Paweł Pawel Marcin Michał Michal Grzegorz Jerzy Tadeusz Zbigniew Stanisław Stanislaw Wojciech Jakub Mateusz Kacper
Szymon Bartosz Łukasz Lukasz Anna Katarzyna Małgorzata Malgorzata Agnieszka Krystyna Barbara Ewa Elżbieta Elzbieta Zofia Teresa Joanna Magdalena
Monika Jadwiga Danuta Halina Beata Aleksandra Natalia Karolina Justyna Iwona Dorota Zuzanna Maja
Ivan Dmitri Dmitry Sergei Sergey Alexei Alexey Vladimir Nikolai Mikhail Andrei Andrey Boris Igor Oleg Pavel Yuri Anatoly Viktor Konstantin Vasily
Olga Natasha Tatiana Svetlana Irina Ekaterina Yelena Ludmila Galina Anastasia Oksana Yulia Ksenia Polina Daria Nadezhda Taras Bohdan Mykola Oleksandr
Jiří Jiri Tomáš Zdeněk Petr Václav Jana Zuzana Lenka László Laszlo Zoltán Zoltan Gábor Gabor István Istvan Ferenc Ágnes Katalin Ion Gheorghe Mihai
Ioana Elena Andreea Dimitris Giorgos Yannis Kostas Nikos Eleni Katerina Goran Milan Zoran Dragan Branko Jelena Milica Ivana Vesna
`

const givenWorld = `
Mohammed Muhammad Mohamed Ahmed Ahmad Ali Hassan Hussein Omar Ibrahim Khalid Abdullah Mustafa Yusuf Youssef Karim Tariq Rashid Samir Nabil Faisal
Hamza Bilal Jamal Walid Ziad Fatima Aisha Khadija Maryam Zainab Layla Leila Noor Amina Yasmin Salma Rania Nadia Samira Hala Dina Mona Farah
Mehmet Murat Emre Burak Ahmet Hakan Serkan Ayşe Ayse Fatma Emine Zeynep Elif Merve Hatice Özlem Gülay Reza Hossein Mehdi Shirin Parisa Nasrin Farhad
Rajesh Amit Sanjay Rahul Vijay Ravi Arjun Rohan Vikram Suresh Ramesh Anil Deepak Manoj Ashok Sandeep Nikhil Aditya Karthik Siddharth Harish Ganesh
Priya Anjali Pooja Neha Divya Kavita Sunita Anita Lakshmi Meera Swati Shreya Aishwarya Deepika Ananya Nisha Rekha Sneha Ritu Geeta Padma Shweta
Imran Asif Faisal Nadeem Saad Usman Ayesha Sana Hina Mehwish Tahira Shahid Kamran Junaid
Hiroshi Takashi Kenji Satoshi Yuki Haruto Takeshi Kazuki Daisuke Akira Makoto Shinji Naoki Yuto Ren Sakura Yuko Keiko Akiko Naoko Haruka Aiko
Yumi Mei Hana Emi Misaki Ayumi Kaori Tomoko Michiko Jun Wei Ming Hong Xiao Mei Yan Jing Ying Hui Xin Yong Qiang Jian Guang Zhen Lihua Xiaoming Meiling
Minho Jihoon Minjun Seojun Jiwoo Seoyeon Jiyoung Hyun Sung Eunji Sooyoung Nguyet Thuy Huong Linh Trang Tuan Minh Duc Quang Thanh Hoang
Budi Agus Dewi Siti Putri Rizky Wayan Ketut Somchai Suda Malee Juan Jomar Rodel Maricel
Kwame Kofi Kwasi Ama Akosua Abena Yaw Chinedu Emeka Ngozi Chioma Adaeze Ifeoma Tunde Femi Oluwaseun Folake Yetunde Amara Zainab Aminata Fatou
Mamadou Ousmane Ibrahima Moussa Thabo Sipho Lerato Nomsa Naledi Zanele Mandla Wanjiru Njoroge Achieng Otieno Wangari Chidi Obinna Uche Tendai
Moshe Yitzhak Shlomo Avi Yael Noa Tamar Shira Rivka Eitan Itai Ariel Talia Dov Menachem
`

const givenMore = `
Abel Abraham Ada Addison Adele Adriana Aidan Aiden Aileen Aimee Aisling Alana Alanna Alberta Alec Alejandra Alex Alexandria Alfonso Alfredo Alicia Alina Alisha Alison Allan Allen
Alma Alonzo Alton Alvin Alyson Amber Amelia Amir Amos Anastasia Andre André Andres Angel Angelica Angelina Angie Anita Annabel Annabelle Annette Antoine Antoinette Anton Antonia April
Ariana Arianna Arlene Armando Arthur Arturo Ashlee Ashleigh Athena Aubrey Audra Augustus Aurora Ava Avery Barney Beau Becca Belinda Bernadette Bernard Bert Bertha Bessie Bethan Beulah Blaine
Blake Blanche Bobbie Bonnie Boyd Bradford Brady Braden Brandi Brandy Brendan Brenna Brent Bridget Britney Brittney Brooke Bryce Bryson Byron Caitlyn Calvin Cameron Camilla Candace Candice Cara
Carina Carissa Carl Carla Carlos Carlton Carly Carmela Carole Caroline Carrie Carroll Cary Casey Cassandra Cassidy Cassie Cecil Cecilia Cecily Cedric Celeste Celia Cesar César Chandler Charlene
Charley Charlie Chase Chelsey Cherie Chester Christa Christian Christie Christina Christy Clare Clarissa Clark Claudette Claude Clay Clayton Clement Clifton Clint Clyde Cody Colby Cole Colette Colleen
Conrad Constance Cora Corey Cornelius Cory Courtney Cristina Curtis Cyrus Dallas Dalton Damian Damien Damon Dana Dane Danny Daphne Darcy Darius Darla Darlene Darrell Darren Darrin Darryl Daryl
Dawson Deanna Deanne Debbie Deena Deirdre Delbert Delia Delilah Della Delores Demetrius Dena Dennis Dennise Desiree Devin Devon Dewey Dexter Diego Dion Dirk Dixie Dolly Dominick Dominique Donald Donnie
Dora Doreen Dorian Dorothea Dottie Drew Duane Duncan Dwayne Dwight Earnest Easton Eddie Edgar Edmund Edna Eduardo Edwina Eileen Elaine Elbert Eleanora Elena Elias Elisa Elise Elisha Ella Ellen
Elliot Elliott Ellis Elmer Eloise Elsa Elton Elvira Elvis Emanuel Emerson Emery Emilia Emmanuel Emmett Enid Erick Erika Erma Ernestine Errol Essie Estelle Ester Esteban Estella Etta Eugenia Eunice
Eva Evangeline Everett Ezra Fabian Faye Felicia Felicity Felipe Fernando Flora Floyd Forrest Francesca Francine Francis Francisco Frankie Franklin Frederick Gabriella Gail Garrett Garry Gavin Gayle
Gemma Gena Genevieve Geoff Gerald Gerry Gilbert Gina Ginny Giovanni Giselle Gladys Glenda Glenys Gordon Grady Graeme Gregg Gretchen Griffin Guadalupe Gus Guillermo Gustavo Guy Gwen Gwendolyn
Hadley Hal Hallie Hank Harlan Harley Harold Harper Harriett Harris Harrison Harvey Hattie Hayden Hazel Hector Héctor Helena Henrietta Herman Herschel Hilary Hilda Hillary Holden Homer Horace Hubert Hugh
Humberto Ida Ignacio Ilene Imelda Ira Irene Irma Irvin Irving Irwin Isabelle Isaiah Isla Ismael Israel Ivan Jaclyn Jaime Jaden Jake Jamie Jan Jana Jane Janelle Janette Janie Janine Jared Jarrod Jasmine
Javier Jayden Jeanette Jeanne Jeannie Jed Jeffery Jenna Jennie Jerald Jeremiah Jermaine Jerome Jessie Jill Jillian Joann Joaquin Jocelyn Jodi Jodie Jody Joel Joelle Joey Johnathan Johnnie Jolene Jonah
Jonathon Jordyn Jorge Josefina Josephine Josiah Josie Joy Joyce Juanita Judah Jude Judi Judie Julian Juliana Julianne Juliet Julio Julius Justine Kaitlin Kara Karina Karl Karla Karl Kate Katelyn Katharine
Katheryn Kathy Katrina Kay Kaye Kayden Keegan Keira Kelley Kelli Kellie Kendall Kendra Kendrick Kenny Kenton Kenya Kermit Kerry Kiara Kieran Kimberley Kira Kirby Kirk Kirsten Kristen Kristi Kristie Kristin
Kristina Kristine Kristopher Kristy Krystal Kurt Kurtis Kylie Lacey Lamar Lana Lance Landon Lara Larissa LaToya Laurel Laurence Laurie Lavonne Leah Leander Leanne Leigh Leila Lela Leland Lena Lenny Leon Leona Leonardo
Leonor Leopold Lesley Leslie Lester Leticia Levi Lewis Lila Lilian Lindsay Lindsey Lionel Lisette Lloyd Lois Lola Lonnie Lora Loren Lorena Lorenzo Loretta Lorna Lou Louella Louise Lowell Lucas Luciana Lucia
Lucian Lucinda Lucius Luella Luis Lula Luther Luz Lydia Lyle Lynda Lynette Lynn Lynne Mabel Mackenzie Maddie Maddison Mae Magdalena Maisy Makayla Mallory Mamie Manuel Mara Marcella Marcia Marcie Marco
Margarita Margery Margie Margot Marguerite Mariah Marian Marianne Maribel Maricela Marina Marion Maritza Marjory Marla Marlene Marlon Marsha Marta Marty Mathew Maura Maurice Mavis Maxine Maxwell Maya Meagan
Meghan Melinda Melody Mercy Meredith Merle Mervin Micah Micheal Michele Mickey Miguel Milton Mindy Minnie Miranda Misty Mitch Mitchell Mitzi Mollie Mona Morgan Morris Mortimer Moses Muriel Myles Myra Myrna Myrtle
Nadine Nan Nanette Nannie Naomi Natalia Natasha Ned Nell Nellie Nelson Nettie Neville Nickolas Nina Noel Noelle Nola Nolan Noreen Norma Octavia Octavio Odessa Ofelia Olen Olive Ollie Omar Opal Ora Orlando Orville
Oscar Otis Otto Owen Paige Pam Pamela Pansy Patsy Patty Paula Paulette Paulina Pauline Paxton Payton Pearlie Pedro Percy Perry Petra Peyton Philippa Phyllis Pierce Pippa Polly Porter Priscilla Quincy Quinn
Rachael Rachelle Rafael Ralph Ramona Randal Randall Randolph Raquel Raul Reba Reggie Regina Reid Rena Renee Renée Rene Rex Reynaldo Rhea Rhiannon Ricardo Rita Roberta Rocco Roderick Rodney Rodolfo Roger Roland
Rolando Rolf Romeo Rory Rosalie Rosalind Rosalyn Rosanna Roscoe Roseann Rosemarie Rosemary Rosie Roslyn Rowan Rowena Roxanne Royce Ruben Rudolph Rudy Rufus Russell Ruth Ruthie Ryder Sabrina Sadie Sallie
Salvador Sammy Samantha Sandra Santiago Santos Sasha Saul Sawyer Sebastian Selena Selma Sergio Seth Seymour Shana Shane Shanna Shannon Shari Sharlene Shaun Shauna Shawn Shawna Shea Shelby Sheldon Shelia Shelley
Shelly Sheri Sheridan Sherman Sherri Sherry Sheryl Sidney Sienna Silas Silvia Simeon Simon Skye Sofia Solomon Sondra Sonia Sonja Sonya Sophia Spencer Stacey Staci Stacie Stacy Stan Stefanie Stella Stephan
Stephany Stephon Stewart Susana Susanna Suzanne Suzette Sybil Sylvester Sylvia Tabitha Tad Tamika Tammi Tammie Tammy Tania Tanner Tanya Tasha Tatum Teddy Terence Teri Terrance Terrence Terri Thaddeus Thad
Theodora Thomasina Tia Tina Tobias Todd Tommie Tommy Toni Tonia Tonya Tracie Tricia Trina Trinity Tristan Troy Trudy Tyson Ulysses Una Ursula Valarie Valeria Valerie Vaughn Velma Vera Verna Vernon Veronica
Vicki Vickie Vicente Viola Violet Vince Vivian Vivienne Wallace Wally Walton Warren Wendell Wesley Weston Whitney Wilbert Wilbur Wiley Wilfred Willa Willard William Willie Willis Willow Winifred Wilma
Woodrow Yasmine Yolanda Yvette Zachariah Zachery Zack Zane Zelda
`

// givenShared are names that mean something else as often: they need a family
// name, or a word that announces a person.
const givenShared = `
Mark Will Grant May June April August Rose Grace Hope Faith Joy Art Bill Jack Rob Pat Frank Chase Chance Hunter Mason Carter Cooper Parker Taylor
Jordan Austin Dallas Paris Florence Charlotte Victoria Virginia Georgia Carolina Madison Brooklyn Sydney Chelsea Lincoln Jackson Houston Israel
Christian Dean Duke Earl Guy Ray Drew Max Sue Dawn Eve Ivy Lily Daisy Ruby Amber Crystal Jade Pearl Iris Violet Olive Ginger Holly Summer Autumn
Angel Miles Wade Cliff Heath Dale Glen Lane Brook Reed Rusty Rich Buck Bud Skip Chip Gene Don Jean Bella Ada Pascal Basil Dash Harmony Melody
Savannah Aurora Luna Nova Stella Asia Dakota Phoenix Skyler Sterling Rod Nick Peter Ernest Bob Alice Carol Dave Trent Victor Mallory Ali Bas Sem
Jan Per Kari Ville Odd Ren Mei Hong Ming Wei Jun Ama Ion Milan Mercedes Sierra Kelly Logan Noor Rosa Franco Mario Emil Kasper Liv Lone Tove Ann Ben
Harper Emerson Porter Pierce Perry Morris Morgan Mitchell Nelson Lewis Lloyd Gordon Franklin Gilbert Griffin Harris Harrison Harvey Ellis Elliott Clark Clay Wallace Warren Spencer Sherman Sawyer Rowan Quinn Orlando Otis Opal Noel Misty Mercy Maya Marion Mae Mackenzie Luther Lana Landon Kirk Kirby
Kenya Kay Kendall Jasmine Ira Ida Homer Hayden Hazel Guy Forrest Everett Ezra Easton Dora Devon Della Darwin Cody Cole Colby Chester Chandler Cameron Blake Byron
Beau Avery Ava Aurora Angel Amber Alma Abel Gail Nan Ora Rex Saul Shea Sheridan Solomon Skye Tad Tatum Todd Trinity Una Violet Walton Weston Willow Zane Zack Lance Lou Lynn Melody Ned Payton Casey
Charlie Claude Dexter Dixie Faye Flora Floyd Hank Jan Sandy Randy Jerry Terry Rick Tony Alex Sam Chris Marie Scott Wayne Graham Stuart Stanley Howard Norman Leo Theo Kim Lee Robin Ashley Clinton
Joe Tim Tom Jim Ron Ken Ted Fred Dan Jon Vera Roman Dom Andrea Simone Marco Diana Kyle Jasper Hugo Clara Wren Sung Hui Yan Xin Jing Ying
`

const familyNames = `
Smith Johnson Williams Jones Garcia García Miller Davis Rodriguez Rodríguez Martinez Martínez Hernandez Hernández Lopez López Gonzalez González Wilson
Anderson Thomas Taylor Moore Jackson Martin Perez Pérez Thompson Harris Sanchez Sánchez Clark Ramirez Ramírez Lewis Robinson Walker Allen Wright
Torres Nguyen Flores Adams Nelson Hall Rivera Campbell Mitchell Carter Roberts Gomez Gómez Phillips Evans Turner Diaz Díaz Cruz Edwards
Collins Reyes Stewart Morris Morales Murphy Rogers Gutierrez Gutiérrez Ortiz Morgan Peterson Bailey Kelly Howard Ramos Richardson Watson
Brooks Chavez Bennett Mendoza Ruiz Hughes Alvarez Álvarez Castillo Sanders Patel Myers Ross Foster Jimenez Jiménez Powell Jenkins Perry Russell
Sullivan Coleman Butler Henderson Barnes Gonzales Fisher Vasquez Vásquez Simmons Romero Patterson Hamilton Graham Reynolds Griffin Wallace Moreno
Hayes Bryant Herrera Gibson Ellis Medina Aguilar Stevens Murray Castro Fernandez Fernández Jensen McDonald Gardner Vargas Guzman Mendez Méndez
Muñoz Munoz Salazar Garza Soto Vazquez Alvarado Delgado Pena Contreras Guerrero Sandoval Estrada Ortega Nunez Núñez Obrien O'Brien O'Connor O'Neill
McCarthy MacDonald Fitzgerald Gallagher Doherty Kavanagh Brennan Doyle Ferguson Davidson Robertson Cunningham Crawford Harrison Baxter Whitaker
Müller Mueller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz
Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Lehmann Köhler Maier Huber Kaiser Fuchs Vogel Keller Schuster Lindqvist
Martin Bernard Dubois Thomas Robert Durand Moreau Laurent Lefebvre Leroy Roux Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Blanchard
Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano Mancini Rizzo Lombardi Moretti
Silva Santos Oliveira Souza Lima Pereira Ferreira Almeida Ribeiro Rodrigues Gomes Martins Araujo Araújo Barbosa Carvalho Fernandes Teixeira Correia
Jansen Vries Bakker Visser Smit Meijer Bos Vos Peters Hendriks Dekker Dijkstra Janssen Mulder Groot Hoekstra
Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Hansen Johansen Olsen Larsen Nielsen Pedersen Sørensen
Christensen Rasmussen Jørgensen Korhonen Virtanen Mäkinen Nieminen Hämäläinen Laine Heikkinen
Nowak Kowalski Kowalska Wiśniewski Wisniewski Wójcik Kowalczyk Kamiński Kaminski Lewandowski Zieliński Zielinski Szymański Dąbrowski
Ivanov Petrov Sidorov Smirnov Kuznetsov Popov Volkov Sokolov Novak Novák Svoboda Horvat Horváth Kovács Kovacs Nagy Popescu Ionescu Papadopoulos
Yılmaz Yilmaz Kaya Demir Çelik Şahin Öztürk Khan Hussain Malik Sheikh Singh Kumar Sharma Gupta Patel Shah Reddy Iyer Nair Mehta Joshi Verma Agarwal
Chopra Kapoor Banerjee Mukherjee Chatterjee Das Bose Desai Rao Wang Zhang Chen Liu Yang Huang Zhao Zhou Xu Zhu Guo Lin Tanaka Suzuki Sato Satō
Takahashi Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Kim Park Choi Jung Kang Cho Yoon Tran Pham Hoang Phan Okafor Okonkwo
Adeyemi Eze Balogun Mensah Owusu Boateng Diallo Traoré Mbeki Dlamini Nkosi Kamau Mwangi Ochieng Abebe Haddad Mansour Cohen Levy Mizrahi Goldberg
`

// thingWords stand with names in those of places, firms, laws and products.
const thingWords = `
Street Road Avenue Lane Drive Court Square Place Boulevard Terrace Way Hill Park River Lake Island Islands Beach Mountain Valley County City Town Village State Springs
Station Airport Bridge Harbour Bay University College School Academy Institute Foundation Hospital Museum Library Church Cathedral Theatre Theater Hotel Bank Press
Inc Ltd LLC Corp Corporation Company Group Holdings Partners Associates Software Systems Technologies Labs Research Studios Records Motors Airlines Media News Times Journal Post
Award Awards Prize Medal Cup League Trophy Stadium Arena Tournament Open Classic Festival Law Act Theorem Lemma Algorithm Effect Test Principle Equation Distribution Process Series Transform Matrix Syndrome Disease
License Licence Public Project Protocol Server Client Service Framework Driver Editor Compiler Engine Manager Handler Interface Type Types Function Method Class Object Table Database Query Style Guide Documentation
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March July September October November December Day Week Month Year Century War
English French German Spanish Italian Dutch Swedish Finnish Polish Russian Chinese Japanese Korean American British European African Asian Indian Canadian Australian
Go Install Setup Build Run Cache Publish Release Deploy Checkout Upload Download Initialize Disable Enable Report Lint Coverage Artifact Docker Windows Linux Unix Mac
Add Select Insert Update Delete Create Remove Set Get Use Used See Note Example Examples Section Chapter Figure Table Page Part Appendix Version Number Code File Files
Address Email Phone Date Birth Country Region Province Account Order Product Item Items Price Total Amount Status Description Title Subject Message
`
