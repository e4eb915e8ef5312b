package inspect

// topic is a set of subjects that a text may be about, one bit each. A number
// without a check digit is somebody's only beside a word of its subject.
type topic uint64

const (
	aboutSSN topic = 1 << iota
	aboutTax
	aboutNPI
	aboutMedicare
	aboutDEA
	aboutRouting
	aboutBank
	aboutPassport
	aboutDriving
	aboutNHS
	aboutNINO
	aboutVehicle
	aboutPostal
	aboutHealth
	aboutPension
	aboutIDCard
	aboutDoctor
	aboutPractice
	aboutVAT
	aboutDNI
	aboutPESEL
	aboutSweden
	aboutCompany
	aboutFinland
	aboutAadhaar
	aboutPAN
	aboutGST
	aboutVoter
	aboutABN
	aboutACN
	aboutTFN
	aboutSIN
	aboutNRIC
	aboutUEN
	aboutKorea
	aboutBRN
	aboutTurkey
	aboutThailand
	aboutNIN
	aboutSouthAfrica
	aboutCPF
	aboutCNPJ
	aboutBSN
	aboutINSEE
	aboutRecord
	aboutBirth
	aboutPhone
	aboutNumber
	aboutCard
	aboutPLZ
	aboutDL
	aboutCall
	aboutHost
	aboutVersion
	aboutTRPhone
	aboutNIP
	aboutBelgium
	aboutSwiss
	aboutNordic
	aboutIreland // and Israel
	aboutBalkan  // and Czechia
	aboutLatin
	aboutEastAsia
)

// topicWords are the words of each subject. Those of one language may mean
// nothing to it, or something else, in another: only with the shape of a number
// and its check digit do they say anything.
var topicWords = map[string]topic{
	"ssn": aboutSSN, "ssns": aboutSSN, "social": aboutSSN | aboutSIN, "socialsecurity": aboutSSN,
	"tax": aboutTax, "taxpayer": aboutTax, "tin": aboutTax, "itin": aboutTax, "bir": aboutTax, "steuer": aboutTax, "steuernummer": aboutTax,
	"steuerid": aboutTax, "steueridentifikationsnummer": aboutTax, "finanzamt": aboutTax, "idnr": aboutTax | aboutVAT,
	"npi": aboutNPI, "provider": aboutNPI, "medicare": aboutMedicare, "mbi": aboutMedicare, "beneficiary": aboutMedicare,
	"dea": aboutDEA, "prescriber": aboutDEA, "practitioner": aboutDEA, "registrant": aboutDEA,
	"routing": aboutRouting, "aba": aboutRouting, "rtn": aboutRouting, "transit": aboutRouting,
	"iban": aboutBank, "bank": aboutBank, "savings": aboutBank, "acct": aboutBank, "konto": aboutBank, "kontonummer": aboutBank,
	"passport": aboutPassport, "passports": aboutPassport, "reisepass": aboutPassport, "reisepassnummer": aboutPassport, "pasaporte": aboutPassport,
	"passaporto": aboutPassport, "paszport": aboutPassport, "passeport": aboutPassport, "여권": aboutPassport, "여권번호": aboutPassport,
	"driver": aboutDriving, "drivers": aboutDriving, "driving": aboutDriving | aboutDL, "licence": aboutDriving, "license": aboutDriving | aboutVehicle,
	"dl": aboutDriving, "dln": aboutDriving | aboutDL, "führerschein": aboutDriving, "fuehrerschein": aboutDriving, "führerscheinnummer": aboutDriving, "fahrerlaubnis": aboutDriving,
	"patente": aboutDriving, "운전면허": aboutDriving, "운전면허번호": aboutDriving,
	"nhs": aboutNHS, "nino": aboutNINO, "insurance": aboutNINO | aboutHealth | aboutSIN, "ni": aboutNINO,
	"plate": aboutVehicle, "plates": aboutVehicle, "registration": aboutVehicle, "vehicle": aboutVehicle, "car": aboutVehicle, "reg": aboutVehicle,
	"kfz": aboutVehicle, "kennzeichen": aboutVehicle, "nummernschild": aboutVehicle, "plaka": aboutVehicle, "plakası": aboutVehicle, "matricula": aboutVehicle,
	"postcode": aboutPostal, "postal": aboutPostal, "zip": aboutPostal, "plz": aboutPLZ, "postleitzahl": aboutPLZ, "address": aboutPostal | aboutHost,
	"krankenversicherung": aboutHealth, "krankenkasse": aboutHealth, "versichertennummer": aboutHealth, "krankenversichertennummer": aboutHealth,
	"kvnr": aboutHealth, "gesundheitskarte": aboutHealth, "rentenversicherung": aboutPension, "rentenversicherungsnummer": aboutPension,
	"sozialversicherungsnummer": aboutPension, "sozialversicherung": aboutPension, "rvnr": aboutPension, "svnr": aboutPension,
	"ausweis": aboutIDCard, "personalausweis": aboutIDCard, "ausweisnummer": aboutIDCard, "personalausweisnummer": aboutIDCard,
	"identity": aboutIDCard, "identità": aboutIDCard, "carta": aboutIDCard, "lanr": aboutDoctor, "arztnummer": aboutDoctor,
	"bsnr": aboutPractice, "betriebsstättennummer": aboutPractice, "betriebsstaettennummer": aboutPractice, "betriebsstätte": aboutPractice,
	"vat": aboutVAT, "iva": aboutVAT, "tva": aboutVAT, "piva": aboutVAT, "ust": aboutVAT, "ustid": aboutVAT, "umsatzsteuer": aboutVAT, "dni": aboutDNI, "nif": aboutDNI, "nie": aboutDNI,
	"pesel": aboutPESEL, "personnummer": aboutSweden, "pnr": aboutSweden, "swedish": aboutSweden, "svensk": aboutSweden, "svenskt": aboutSweden,
	"orgnummer": aboutCompany, "organisationsnummer": aboutCompany, "orgnr": aboutCompany, "företag": aboutCompany,
	"hetu": aboutFinland, "henkilötunnus": aboutFinland, "henkilötunnukseni": aboutFinland, "finnish": aboutFinland,
	"aadhaar": aboutAadhaar, "aadhar": aboutAadhaar, "uidai": aboutAadhaar, "pan": aboutPAN, "permanent": aboutPAN, "gst": aboutGST, "gstin": aboutGST,
	"voter": aboutVoter, "voters": aboutVoter, "vote": aboutVoter, "election": aboutVoter, "epic": aboutVoter,
	"abn": aboutABN, "acn": aboutACN, "sin": aboutSIN, "nas": aboutSIN, "nric": aboutNRIC, "uen": aboutUEN,
	"rrn": aboutKorea, "frn": aboutKorea, "korean": aboutKorea, "주민등록번호": aboutKorea, "외국인등록번호": aboutKorea, "brn": aboutBRN, "사업자등록번호": aboutBRN,
	"tckn": aboutTurkey, "kimlik": aboutTurkey, "tc": aboutTurkey, "turkish": aboutTurkey, "türk": aboutTurkey,
	"thai": aboutThailand, "thailand": aboutThailand, "tnin": aboutThailand, "เลขบัตรประชาชน": aboutThailand, "บัตรประชาชน": aboutThailand, "เลขประจำตัวประชาชน": aboutThailand,
	"nin": aboutNIN, "nimc": aboutNIN, "rsa": aboutSouthAfrica, "sa": aboutSouthAfrica, "african": aboutSouthAfrica, "resident": aboutSouthAfrica | aboutKorea,
	"nip": aboutNIP, "podatkowy": aboutNIP | aboutTax, "regon": aboutNIP, "rijksregisternummer": aboutBelgium, "insz": aboutBelgium, "niss": aboutBelgium, "nrn": aboutBelgium, "belgian": aboutBelgium,
	"contribuinte": aboutDNI, "cif": aboutDNI, "ahv": aboutSwiss, "avs": aboutSwiss, "swiss": aboutSwiss, "cpr": aboutNordic, "fødselsnummer": aboutNordic, "isikukood": aboutNordic, "asmens": aboutNordic,
	"rodné": aboutBalkan, "rodne": aboutBalkan, "pps": aboutIreland, "ppsn": aboutIreland, "teudat": aboutIreland, "zehut": aboutIreland, "israeli": aboutIreland, "זהות": aboutIreland,
	"cnp": aboutBalkan, "egn": aboutBalkan, "егн": aboutBalkan, "ЕГН": aboutBalkan, "oib": aboutBalkan, "curp": aboutLatin, "cuit": aboutLatin, "cuil": aboutLatin, "rut": aboutLatin,
	"身份证": aboutEastAsia, "身份证号": aboutEastAsia, "身份证号码": aboutEastAsia, "身分證": aboutEastAsia, "マイナンバー": aboutEastAsia, "個人番号": aboutEastAsia, "mynumber": aboutEastAsia, "taiwan": aboutEastAsia,
	"tunnus": aboutFinland, "주민번호": aboutKorea, "आधार": aboutAadhaar, "securite": aboutINSEE, "nass": aboutINSEE, "sofi": aboutBSN, "codice": aboutTax, "fiscale": aboutTax, "patientid": aboutRecord,
	"patient": aboutRecord, "patientennummer": aboutRecord, "mrns": aboutRecord, "expediente": aboutRecord, "dossier": aboutRecord, "paspoort": aboutPassport, "passnummer": aboutPassport, "passaporte": aboutPassport,
	"паспорт": aboutPassport, "护照": aboutPassport, "護照": aboutPassport, "旅券": aboutPassport, "パスポート": aboutPassport, "passi": aboutPassport, "permis": aboutDriving | aboutDL, "conduire": aboutDriving | aboutDL, "conducir": aboutDriving | aboutDL,
	"rijbewijs": aboutDriving | aboutDL, "rijbewijsnummer": aboutDriving | aboutDL, "körkort": aboutDriving | aboutDL, "ajokortti": aboutDriving | aboutDL, "jazdy": aboutDriving | aboutDL, "cnh": aboutDriving | aboutDL, "habilitação": aboutDriving | aboutDL,
	"cpf": aboutCPF, "cnpj": aboutCNPJ, "bsn": aboutBSN, "burgerservicenummer": aboutBSN, "sofinummer": aboutBSN,
	"insee": aboutINSEE, "nir": aboutINSEE, "sécurité": aboutINSEE, "mrn": aboutRecord, "medical": aboutRecord | aboutDEA, "chart": aboutRecord,
	"dob": aboutBirth, "birth": aboutBirth, "born": aboutBirth, "birthday": aboutBirth, "birthdate": aboutBirth, "geburtsdatum": aboutBirth, "geboren": aboutBirth,
	"naissance": aboutBirth, "nacimiento": aboutBirth, "nascita": aboutBirth, "nascimento": aboutBirth,
	"phone": aboutPhone, "phones": aboutPhone, "tel": aboutPhone, "telephone": aboutPhone, "mobile": aboutPhone, "cell": aboutPhone, "cellphone": aboutPhone, "landline": aboutPhone,
	"phonenumber": aboutPhone, "mobilenumber": aboutPhone, "telno": aboutPhone, "ph": aboutCall, "fax": aboutPhone, "whatsapp": aboutPhone, "hotline": aboutPhone,
	"call": aboutCall, "contact": aboutCall, "reach": aboutCall, "sms": aboutCall, "text": aboutCall, "dial": aboutCall, "ring": aboutCall, "msisdn": aboutPhone,
	"telefon": aboutPhone | aboutTRPhone, "telefono": aboutPhone, "teléfono": aboutPhone, "téléphone": aboutPhone, "tél": aboutPhone, "portable": aboutCall, "móvil": aboutPhone, "movil": aboutPhone,
	"handy": aboutPhone, "handynummer": aboutPhone, "telefonnummer": aboutPhone, "rufnummer": aboutPhone, "mobil": aboutPhone, "mobilnummer": aboutPhone, "mobiltelefon": aboutPhone,
	"cep": aboutPhone | aboutTRPhone, "gsm": aboutPhone | aboutTRPhone, "numaram": aboutPhone | aboutTRPhone, "telefoon": aboutPhone, "telefoonnummer": aboutPhone, "mobiel": aboutPhone,
	"celular": aboutPhone, "telefone": aboutPhone, "telemóvel": aboutPhone, "fone": aboutPhone, "cellulare": aboutPhone, "numero": aboutNumber, "número": aboutNumber, "numéro": aboutNumber,
	"nummer": aboutNumber, "numer": aboutNumber, "telefonu": aboutPhone | aboutTRPhone, "komórka": aboutPhone, "komórkowy": aboutPhone, "kom": aboutCall, "tlf": aboutPhone, "tfn": aboutTFN | aboutCall,
	"puhelin": aboutPhone, "puh": aboutPhone, "puhelinnumero": aboutPhone, "matkapuhelin": aboutPhone, "телефон": aboutPhone, "тел": aboutPhone, "chiamami": aboutCall, "llámame": aboutCall, "appelez": aboutCall,
	"전화": aboutPhone, "전화번호": aboutPhone, "휴대폰": aboutPhone, "연락처": aboutPhone, "電話": aboutPhone, "電話番号": aboutPhone, "携帯": aboutPhone, "电话": aboutPhone, "手机": aboutPhone, "手机号": aboutPhone, "फ़ोन": aboutPhone, "मोबाइल": aboutPhone,
	"ip": aboutHost, "ips": aboutHost, "ipv": aboutHost, "host": aboutHost, "hostname": aboutHost, "hosts": aboutHost, "addr": aboutHost, "server": aboutHost, "ping": aboutHost,
	"dns": aboutHost, "client": aboutHost, "from": aboutHost, "subnet": aboutHost, "gateway": aboutHost, "login": aboutHost,
	"version": aboutVersion, "rfc": aboutVersion, "iso": aboutVersion, "ver": aboutVersion, "release": aboutVersion, "section": aboutVersion, "rev": aboutVersion,
	"number": aboutNumber, "card": aboutCard | aboutIDCard, "cards": aboutCard, "credit": aboutCard, "debit": aboutCard, "visa": aboutCard, "mastercard": aboutCard,
	"amex": aboutCard, "cc": aboutCard, "ccnum": aboutCard, "kreditkarte": aboutCard, "tarjeta": aboutCard, "carte": aboutCard, "cartão": aboutCard, "payment": aboutCard,
}

const (
	topicBefore = 72
	topicAfter  = 40
	topicWord   = 64
)

// surroundings remembers what a number's neighbours are about, so that many
// kinds can ask for the price of one look.
type surroundings struct {
	before, after topic
	looked        int
}

// about reports whether one of topics is spoken of around offsets start to end.
// What follows is asked for only if what went before does not say: a stream
// waits for it.
func (s *surroundings) about(w *window, start, end int, topics topic) bool {
	if s.looked == 0 {
		s.before = readTopics(w, start-topicBefore, start)
		s.looked = 1
	}
	if s.before&topics != 0 {
		return true
	}
	if s.looked == 1 {
		s.after = readTopics(w, end, end+topicAfter)
		s.looked = 2
	}
	return s.after&topics != 0
}

// readTopics returns the topics of the words from offset i to j. A word ends
// where a lower-case letter is followed by a capital, so that passportNumber is
// two. All letters that are not ASCII are as good as lower-case ones.
func readTopics(w *window, i, j int) topic {
	text := w.slice(i, j)
	w.steps += len(text)
	var topics topic
	var word [topicWord]byte
	n, driver := 0, false
	for k := range len(text) + 1 {
		var b byte
		if k < len(text) {
			b = text[k]
		}
		letter := alphaBytes[b] || b >= 0x80
		if !letter || upperBytes[b] && k > 0 && !upperBytes[text[k-1]] {
			if n >= 2 && n < topicWord {
				topics |= topicWords[string(word[:n])]
				switch string(word[:n]) {
				case "license", "licence":
					if driver {
						topics |= aboutDL
					}
				case "driver", "drivers":
					driver = true
				default:
					driver = false
				}
				if n > 6 && word[n-1] >= 0x80 {
					topics |= unspaced(word[:n])
				}
			}
			n = 0
		}
		if letter && n < topicWord {
			word[n] = lower(b)
			n++
		}
	}
	return topics
}

// unspaced returns the topics of the words that begin and end a run of letters
// in a script that writes none between words, or writes particles after them.
func unspaced(run []byte) topic {
	var topics topic
	for n := 6; n <= 18 && n < len(run); n += 3 {
		topics |= topicWords[string(run[:n])] | topicWords[string(run[len(run)-n:])]
	}
	return topics
}
