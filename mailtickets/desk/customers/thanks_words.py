"""What people write when they say thanks and nothing else, in Portuguese, Spanish and English.

Owns: the closed vocabulary of `thanks`. A phrase is a line of slots: `a|b` are alternatives, a slot that ends in `?`
may be left out, a lone `?` is a question mark, `{thing}` is any word of a class. Without accents, in lower case.
Limits: left out on purpose is whatever may also ask for something: thanks in advance ("desde já", "in advance"),
"ajuda" and "help" by themselves, "agradeço um retorno", "sim", "pode ser", and every word that denies or restricts.
"""

# ruff: noqa: E501 - one phrase is one line

CLASSES = {
    "obrigado": "obrigado|obrigada|obrigados|obrigadas|obrigado(a)|obrigada(o)|obrigados(as)|obrigadx|obrigadao|obrigadaa"
    "|obrigadinho|obrigadinha|obrigadissimo|obrigadissima|obrigad|obg|obgd|obgda|obgdo|obrg|obrigda|obridado|obrigaod"
    "|brigado|brigada|brigadao|brigadao|brigadinho|brigadinha|brigadu|brigaduu|valeu|valeuu|valew|vleu|vlw|vlww|vaaleu"
    "|grato|grata|gratos|gratas|grato(a)|gratidao|agradecido|agradecida|agradecidos|agradecidas|agradecido(a)"
    "|agradeco|agradecemos|tks|thks|thx|tnx|thnx|thanx|txs|tkx|thanks|tanks",
    "thing": "ajuda|ajudinha|atencao|atendimento|apoio|auxilio|retorno|resposta|resolucao|solucao|suporte|informacao"
    "|informacoes|esclarecimento|esclarecimentos|explicacao|explicacoes|orientacao|orientacoes|dica|dicas|rapidez"
    "|agilidade|presteza|gentileza|paciencia|disponibilidade|colaboracao|compreensao|carinho|cuidado|prontidao|feedback"
    "|cordialidade|simpatia|eficiencia|dedicacao|empenho|tempo|assistencia|parceria|cooperacao|profissionalismo|tudo|isso",
    "good": "bom|boa|otimo|otima|excelente|rapido|rapida|rapidos|rapidas|pronto|pronta|grande|valioso|valiosa|imediato|imediata"
    "|agil|breve|super|tao|maravilhoso|maravilhosa|toda|todo|toda|sua|seu|vossa|vosso|a|o|as|os|suas|seus|de|voces|prestado|prestada"
    "|prestados|prestadas|dada|dispensada|dispensado|sempre|muito|e",
    "cosa": "ayuda|atencion|apoyo|respuesta|solucion|informacion|soporte|tiempo|paciencia|rapidez|amabilidad|asistencia"
    "|colaboracion|gestion|aclaracion|explicacion|gentileza|todo|eso|servicio|disposicion",
    "bueno": "tu|su|la|el|los|las|vuestra|vuestro|rapida|rapido|pronta|pronto|excelente|buena|buen|gran|toda|todo|inmediata|tan|y",
    "favour": "help|support|assistance|time|patience|reply|response|answer|answers|info|information|explanation|solution|fix|update"
    "|feedback|attention|effort|efforts|service|clarification|kindness|advice|tip|everything|that|this|it|work|turnaround"
    "|cooperation|feedback",
    "kind": "your|the|all|quick|fast|prompt|speedy|swift|great|excellent|kind|very|super|so|such|a|amazing|wonderful|good|hard|and"
    "|of|rapid|helpful",
    "people": "equipe|time|pessoal|gente|galera|turma|amigo|amiga|amigos|querido|querida|queridos|queridas|senhor|senhora"
    "|senhores|sr|sra|srs|dr|dra|colega|colegas|todos|todas|voce|voces|vc|vcs|equipo|amigos|amigas|senor|senora|senores"
    "|todos|usted|ustedes|team|everyone|everybody|all|guys|folks|sir|madam|both|mr|mrs|ms|dear|mate|friend|friends|moca|moco"
    "|irmao|chefe|meninas|meninos|prezado|prezada|prezados|prezadas|prezado(a)|prezados(as)"
    "|estimado|estimada|estimados|estimadas",
    "day": "dia|tarde|noite|semana|feriado|descanso|trabalho|domingo|sabado|restinho|jornada|noche|dias|tardes|noches|fin|ano"
    "|natal|pascoa|carnaval|day|evening|night|weekend|week|morning|afternoon|one|holiday|holidays|finde|jornada|resto|rest",
    "fine": "bom|boa|bons|boas|otimo|otima|excelente|lindo|linda|feliz|abencoado|abencoada|maravilhoso|maravilhosa|belo|bela"
    "|buen|buena|buenos|buenas|feliz|lindo|linda|excelente|good|great|nice|lovely|wonderful|happy|pleasant",
}  # fmt: skip

THANKS = """
muito|muitissimo|mto|mt|muitao|bem|super|imensamente? {obrigado} muito|mesmo|demais|viu|novamente|tambem|mais|mil?
{obrigado} mais uma vez
{obrigado} de verdade|coracao|novo
{obrigado} de todo? o? coracao
{obrigado} por isso|tudo
{obrigado} a todos|voce|voces|vc|vcs|equipe|todas|ti|sra|sr
{obrigado} ao|a|aos toda? time|equipe|pessoal|todos|voces
agradeco|agradecemos a|o|toda|muito|imensamente a|o|toda? atencao|ajuda|atendimento|apoio|presteza|gentileza|paciencia|colaboracao dispensada|prestada|prestado|recebida|recebido?
agradeco|agradecemos a atencao|ajuda|presteza e a? atencao|ajuda|presteza|paciencia|gentileza
agradeco|agradecemos muito|imensamente|demais|bastante
muitos? agradecimentos
meus|nossos agradecimentos
meu|nosso muito {obrigado}
so tenho|temos a agradecer
fico|ficamos|estou|estamos|sou muito|super? grato|grata|gratos|gratas|agradecido|agradecida|agradecidos|agradecidas
so? para|pra|passando|queria agradecer
so? passando para|pra agradecer
valeu|obrigado|obrigada a? forca|ajuda
deus te|lhe|os|vos|a|o|abencoe pague|abencoe?
deus abencoe
muchas|muchisimas|mil|miles|infinitas|tantas? gracias mil|totales|nuevamente?
muchas? gracias de|otra nuevo|vez|verdad|corazon
muchas? gracias por|a todo|todos|ti|usted|ustedes
muy|te|le|les|os|se|lo|mucho? agradezco|agradecemos|agradecido|agradecida|agradecidos|agradece mucho?
se|te|os lo agradezco|agradecemos mucho|muchisimo?
te|le|les|os? agradezco|agradecemos mucho|por? la|su|tu|el ayuda|atencion|apoyo|soporte|rapidez
mil? grax|grcs|grs|gracia|graxias|gracias
many|so|big|huge|warm? thanks again|everyone|all|team|guys|mate|man?
thanks a lot|million|bunch|ton|mil
thanks so|very much
thanks so|very much indeed|again|everyone|all|team
thank you|u|ya so|very|sooo? much? again|indeed|everyone|all|guys|team|both?
thank you|u a lot|million
thank you|u all|both|guys so|very much
thankyou|ty|tysm|tyvm|cheers|thankful|merci
i|we really|truly|do|very? appreciate it|that|this|everything very|so? much?
i|we really|truly|do|very? appreciate your|the|all quick|great|fast|prompt|your? help|support|time|patience|assistance|effort|efforts
really|very? much|greatly|highly appreciated
really|truly|very? much? appreciate it|that
i'm|we're|i|we am|are? so|very|really? grateful|thankful
just? wanted|want to say thanks|thank you?
just? a quick? thanks|thank you?
"""

OBJECTS = """
pela|pelo|pelas|pelos|por {good}? {good}? {good}? {thing} {good}? {good}?
pela|pelo|pelas|pelos|por {good}? {thing} e|com {good}? {thing} {good}?
por ter|terem|me? ajudado|resolvido|respondido|atendido|explicado tao? rapido?
por me|nos? ajudar|ajudarem|atender|atenderem|responder|responderem|resolver|resolverem|explicar|explicarem|esclarecer tao|super|muito? rapido|bem|rapidamente?
por la|el|su|tu|todo|toda|vuestra|vuestro|tan|los|las {bueno}? {bueno}? {cosa} {bueno}? {bueno}?
por todo|eso
por su|tu|la|el {bueno}? {cosa} y {bueno}? {bueno}? {cosa}
por ayudarme|ayudarnos|responder|responderme|resolver|resolverlo|atenderme|atendernos tan? rapido|pronto?
for {kind}? {kind}? {kind}? {kind}? {favour}
for {kind}? {kind}? {favour} and {kind}? {kind}? {favour}
for helping|answering|responding|replying|clarifying|explaining|fixing|resolving|solving|sorting me|us|this|that|it|everything? out? so? quickly|fast|promptly?
"""

FINE = """
ta|esta|tudo|td|ficou|deu|e|foi|ja|muito|super? perfeito|perfeita|otimo|otima|excelente|maravilha|maravilhoso|maravilhosa|sensacional|incrivel|fantastico|bacana|legal|massa|joia|show|top|demais|lindo|espetacular|sucesso|boa|bom
show de bola
beleza|blz|belesa|opa|uau|eba|uhul|ufa|ah|aha|oba|aee|ae
que otimo|bom|maravilha|legal|show
arrasou|arrasaram|mandou|mandaram bem|muito?
tmj|tamo|tamojunto|junto
ok|okay|oki|okey|okk|oks|kk|certo|certinho|ta|esta|tudo|td|muito|bem? ok|certo|certinho|bem|otimo|resolvido|perfeito|entendido?
entendi|entendido|ciente|recebido|recebi|recebida|recebidos|anotado
deu|ja|agora|tudo? deu|da|ficou|esta|ta? tudo|super|bem? certo|certinho|bom
deu|dei tudo? super? certo|certinho aqui|agora|sim|tudo?
ja|agora|aqui|tudo|td|ja? ja|agora|esta|ta|foi|tudo|ficou? tudo? resolvido|resolvida|resolvidos|solucionado|solucionada|normalizado|normalizada|funcionando aqui|agora|normalmente|perfeitamente|certinho|direitinho|bem?
ja|agora|aqui|isso|agora? ja|agora|isso? funcionou|funciona|resolveu|solucionou|consegui|conseguimos|foi aqui|agora|perfeitamente|certinho|direitinho|normalmente|tudo?
era|e so? isso mesmo|ai|tudo?
problema|caso|questao|chamado resolvido|solucionado|resolvida|solucionada
voce|voces|vc|vcs sao|e|foi|foram muito|os|um|uma|demais|o|a? demais|otimos|otimo|otima|incriveis|incrivel|excelentes|excelente|melhores|anjo|show|maravilhosos|maravilhosas|top
parabens pelo|pela|a|ao? excelente|otimo|otima|bom|boa|toda? atendimento|equipe|trabalho|servico|time|suporte|presteza|rapidez?
excelente|otimo|otima|bom|super atendimento|trabalho|servico|suporte
ajudou|ajudaram muito|demais|bastante
me ajudou|ajudaram muito|demais|bastante
perfecto|perfecta|genial|excelente|estupendo|fantastico|vale|listo|bueno|buenisimo|entendido|recibido|barbaro|maravilloso|ok|fenomenal
ya|todo|ya? esta? ya|todo|esta? funciona|funciono|solucionado|resuelto|arreglado|listo|correcto|bien|perfecto perfecto|perfectamente|bien|correctamente|todo|resuelto|listo?
muy amable|amables|bien|bueno
que amable
eres|es|son un|muy|los|unos? amable|amables|genial|geniales|sol|crack|cracks|mejores
perfect|great|awesome|excellent|brilliant|fantastic|wonderful|amazing|super|lovely|nice|cool|good|sweet|fab|yay|ok|okay|got|understood|noted|received|sorted|resolved|solved|fixed|wow|oh|superb it|thanks?
problem|issue|ticket is|now? solved|fixed|resolved|sorted now?
all good|set|sorted|fixed|done now|here?
it|this|that|everything|all|its|it's|works? is|all? works|worked|working|solved|fixed|did it|perfectly|great|fine|well|now|like|it? perfectly|great|fine|now|a|again? charm|now?
that|this|it solved|fixed|resolved|did it|the|my problem|issue|trick?
you|you're|you guys|all? are|is|were? the|a|so|very|awesome|great|amazing|star|best|brilliant|helpful|kind best|star|helpful|kind|lifesaver|legend|awesome|great|amazing?
very helpful|kind|nice|good
very|so|how kind|nice|helpful of you
great|good|excellent|amazing job|work|service|support|help|stuff
"""

GREETINGS = """
bom dia
boa tarde|noite
ola|oi|oie|oii|ei|hey|alo
ola|oi|hola|hi|hello|dear|estimados|prezados? equipe|time|pessoal|equipo|team de|do|da|of|support? suporte|atendimento|soporte?
tudo bem|bom|bem|certo|otimo ?
tudo bem|bom com|contigo|por voce|voces|vc|ai ?
como vai|estao|esta|vao ?
hola|buenas|buenos|buen|buena dias|dia|tardes|noches|tarde|noche?
? como estas|esta|estan|va ?
? que tal ?
hi|hello|hiya|heya|howdy|greetings there|all|team|everyone|again?
good morning|afternoon|evening|day
{people} {people}?
a|o|ao|aos|al|el {people}
caro|cara|caros|caras|caro(a) {people}
caro|cara|caro(a) {name}
the|a|o team|equipe
meu|minha|mi|my {people}
"""

CLOSINGS = """
att|atte|atenc|ate|atenciosamente|attenciosamente|atenciosamnte|atencioso|cordialmente|respeitosamente|sds|saudacoes|cumprimentos|carinhosamente
melhores|os|com|cordiais? os|melhores? cumprimentos|saudacoes
um|uma|grande|forte|outro? grande|forte|super? abraco|abracos|abs|abracao|abc|abr|beijo|beijos|bj|bjs|bjo|bjos|bjus a? todos|todas|voces?
abracos|abraco|abs e|y sucesso|sucessos|beijos|obrigado|obrigada
saludos|saludo|atentamente|atte|abrazo|abrazos|cordialmente|besos cordiales|cordial|a? todos?
un|cordial|cordiales|reciba|muchos fuerte|cordial|un? saludo|saludos|abrazo|besos
best|kind|warm|kindest|warmest|many|with? kind|best|warm? regards|wishes|rgds
best|sincerely|respectfully|rgds|br|brgds|xoxo|bye|byebye|hugs
yours|very|respectfully sincerely|truly|faithfully|yours
all the best
take care
tchau|tchauzinho|chau|adios|tchau tchau
ate mais|logo|breve|a proxima
hasta luego|pronto|la vista
que|te|le|les|lhes|desejo|desejamos|tenha|tenham|tenga|tengan|ten|tengas|passe|have|wish|you|enjoy que|voce|voces|tenha|tenham|tenga|tengan|tengas|you|your? the|a|an|um|uma|un|una? {fine} {day} de|of|the|e|your? semana|day|week|weekend?
tenha|tenham|tengan|tenga|tengas|have|que um|uma|un|una|tenga|tengas|tengan? um|uma|un|una? {day} {fine}
enjoy|have your|the|a rest|day|weekend|week|evening of? your|the? day|week?
um|uma|un|una|a? {fine} {day} {fine}? para|pra|a|to|for? voce|voces|vc|vcs|todos|todas|ti|ustedes|you|all|everyone|ai?
{fine} fim|final|fin de semana
um|uma|que|tenha|tenham|tenga|tengan|desejo|passe|have um|uma|un? {fine} fim|final|fin de semana a|para? todos|voces|todas|voce|ti|usted|ustedes?
igualmente|likewise to|a|para? you|todos|voce?
fique|fiquem|fica|vai|va com deus
fique|fiquem bem
sucesso|sucessos sempre|a|para|pra? todos|voces|voce|vcs?
e|y|and
"""

DEVICE_LEADS = "enviado|enviada|mandado|sent|get|obter|obtenha|obtener|obten|baixe|escrito|typed|descarga|descargar|via"
DEVICES = (
    "iphone|ipad|ipod|android|galaxy|samsung|motorola|moto|xiaomi|redmi|poco|huawei|pixel|blackberry|nokia|outlook|yahoo|uol"
    "|bol|terra|windows|celular|smartphone|movil|telemovel|mobile|phone|tablet|zenfone|asus|lg|realme|oneplus|proton|spark|zoho"
)
DEVICE_WORDS = (
    "do|da|de|del|desde|mi|meu|minha|my|from|via|pelo|pela|por|com|con|using|with|o|a|for|para|the|no|on|in|e|en|app|aplicativo"
    "|aplicacion|mail|email|correo|gmail|ios|note|ultra|plus|pro|max|mini|edge|tab|dispositivo|device|aparelho|smart|a|um|una"
)

GIVEN_NAMES = """
abel adalberto adelaide ademir adilson adolfo adriana adriano afonso agatha agnes agostinho aida airton alan alana alba albert
alberto alejandra alejandro alessandra alessandro alex alexander alexandra alexandre alexandro alexis alfonso alfredo alice alicia
aline alisson allan alvaro amanda amelia amy ana anabela analu anderson andre andrea andreia andres andressa andreza andrew andy
angela angelica angelina angelo anita anna anne annette antonia antonieta antonio aparecida ariadne ariana ariane ariel arnaldo arthur artur
augusto aurora barbara beatriz benedita benedito benjamin bernadete bernardo beth betina bianca brenda breno brian bruna bruno
caio camila camilo carina carla carlos carlota carmem carmen carol carolina caroline catarina catherine cecilia celia celina celso
cesar charles charlotte chris christian christina christine christopher cibele cicero cintia clarice clarissa claudia claudio
claudia cleber cleide cleiton cleonice cleusa cristiana cristiane cristiano cristina cynthia dalva daiane daisy daniel daniela daniele
danielle danilo dario davi david debora deborah deise denis denise dennis diana diego dilma dimas dirceu diogo djalma donald
douglas edgar edilson edith edmilson edna edson eduarda eduardo edward elaine eleonora elena eliana eliane elias eliete elisa elisabete
elisangela elizabeth ellen eloisa elvira elza emanuel emanuela emerson emilia emilio emily emma enrique enzo eric erica erick erik
erika ernesto estefania estela esteban ester esther eugenia eugenio eva evandro evelyn everton fabiana fabiano fabio fabiola fabricia
fabricio fatima felicia felipe felix fernanda fernando flavia flavio francisca francisco gabriel gabriela gabriele geovana geovani
geraldo gerson gilberto gilda gilmar gilson giovana giovani giovanna giselda gisele giulia gladys glauber glaucia gonzalo graziela
gregorio greice guilherme guillermo gustavo hamilton harry heitor helen helena helio heloisa henrique henry herbert hermes hugo humberto
iago iara igor ines ingrid iolanda irene iris isaac isabel isabela isabella isadora isis ismael israel itamar ivan ivana ivete ivone
izabel jacob jacqueline jaime jair jairo james jamile jane janaina jandira jaqueline javier jean jeferson jennifer jenny jeremy jessica
jesus jim joana joanna joao joaquim joaquin joe joel john johnny jonas jonathan jorge jose joseph josefa josiane josue joyce juan juana
juarez julia juliana juliane juliano julio junior jurema jussara karen karina karine karla kate katherine kathy katia kauan keila kelly
kelvin kenneth kevin klaus laercio laila lais lara larissa laura lauren lauro lavinia leandra leandro leila lenita leonardo leonor
leticia lidia ligia lilian liliana lisa livia lorena lorenzo louise lourdes lourenco luan luana luca lucas lucia luciana luciane
luciano lucila lucio lucy luis luisa luiz luiza luna lydia magali magda maicon maira manoel manuel manuela mara marcel marcela marcelo
marcia marcio marco marcos margarete margarida margaret maria mariana mariane marilda marilene marilia marina mario marisa marisol
maristela marlene marli marta martha martin martina mary mateo mateus matheus matias matilde matthew maura mauricio mauro maxwell mayara
melissa michael michel michele michelle miguel mike milena milton mirela miriam moacir moises monica murilo nadia nair
nancy natalia natalie natan natasha neide nelson neusa nicholas nicolas nicole nilton nina noemi norberto nuno octavio odair odete
olga olivia orlando oscar osmar osvaldo oswaldo otavio pablo paloma pamela paola patricia patrick paul paula paulina paulo pedro peter
philip poliana priscila rafael rafaela raimunda raimundo ramiro ramon raphael raquel raul rebeca rebecca regiane regina reginaldo
reinaldo renan renata renato ricardo richard rita robert roberta roberto robson rodolfo rodrigo rogerio roger romulo ronald ronaldo
rosana rosane rosangela rosario roseli rosemary rosilene rosimeire rubens ruben ruth ryan sabrina samanta samantha samara samuel sandra
sandro sara sarah scott sebastiana sebastiao sebastian selma sergio severino sharon sheila sidnei silvana silvia silvio simao simon
simone sofia solange sonia sophia stefan stefanie stefany stella stephanie stephen steve steven sueli susan susana suzana tadeu taina
talita tamara tamires tania tarcisio tatiana tatiane telma teresa tereza thais thalita thaisa thiago thomas tiago tom tomas tony
ubirajara ulisses valdemar valdir valentina valeria valter vanda vanderlei vanessa vania vera veronica vicente vicki victor victoria
vilma vinicius vitor vitoria viviana viviane wagner walace walter wanda wanderley washington wellington wendel wesley william wilma
wilson xavier yago yara yasmin yolanda yuri zelia zilda zoe
ze tati gabi rafa gui leo edu fabi pri dani carol bia mari lu ju ale vini juju lili duda nanda beto chico tonho tonico guto naty
jefferson jhonatan maycon wallace weslley thayna kaique kaua luanna rayssa raissa rayane thaynara
"""

SURNAMES = """
silva santos oliveira souza sousa rodrigues ferreira alves pereira lima gomes costa ribeiro martins carvalho almeida lopes soares
fernandes vieira barbosa rocha nascimento andrade moreira nunes marques machado mendes freitas cardoso ramos goncalves santana
teixeira araujo cavalcanti cavalcante melo mello azevedo correia correa barros pinto moura batista miranda duarte monteiro
medeiros borges castro farias siqueira cunha guimaraes viana vianna peixoto fonseca pires bezerra xavier macedo figueiredo brito tavares
coelho moraes morais nogueira assis vasconcelos queiroz aguiar sales assuncao magalhaes antunes camargo bueno toledo paiva matos mattos
garcia martinez lopez gonzalez rodriguez hernandez perez sanchez ramirez torres rivera gomez diaz cruz morales ortiz gutierrez
chavez jimenez ruiz alvarez fernandez vazquez castillo romero herrera medina vargas guerrero munoz mendoza aguilar delgado navarro molina
dominguez suarez iglesias smith johnson williams jones davis miller wilson anderson taylor moore jackson thompson harris robinson
walker lewis roberts evans edwards collins murphy morgan cooper peterson kelly schmidt muller weber fischer schneider rossi bianchi
"""
"""Only names that are no everyday words: Bill, Mark, Will, Rosa, Clara, Prado and Leal may say something else."""

NAME_PARTICLES = "da|de|do|das|dos|e|del|la|y|van|von|di"
