"""What people write when they say how it was, in Portuguese, Spanish and English: words alone, for `satisfaction`.

Owns: the words of judgement and what each is worth, those that only go on praising, those that ask for something
or tell of trouble. Without accents, in lower case; `_` stands for a blank within one expression. Limits: none.
"""

JUDGING = {
    5: """
otimo otima excelente perfeito perfeita maravilhoso maravilhosa fantastico fantastica sensacional excepcional
impecavel muito_bom muito_boa muito_satisfeito muito_satisfeita super_satisfeito super_satisfeita adorei amei
gostei_muito gostei_bastante excellent great amazing awesome perfect fantastic outstanding wonderful brilliant superb
very_good very_satisfied very_happy loved_it love_it perfecto perfecta estupendo muy_bueno muy_buena muy_satisfecho
muy_satisfecha buenisimo genial me_encanto
""",
    4: """
bom boa satisfeito satisfeita gostei good satisfied bueno buen buena satisfecho satisfecha
""",
    3: """
regular razoavel mediano mediana mais_ou_menos neutro average neutral so_so so-so mas_o_menos aceitavel aceptable
acceptable indiferente
""",
    2: """
ruim insatisfeito insatisfeita nao_gostei fraco fraca bad poor dissatisfied unsatisfied not_good malo mala mal
insatisfecho insatisfecha deixou_a_desejar no_me_gusto
""",
    1: """
pessimo pessima horrivel terrivel muito_ruim ruim_demais muito_insatisfeito muito_insatisfeita lixo vergonhoso
uma_vergonha vergonha terrible awful horrible very_bad very_poor very_dissatisfied worst_ever muy_malo muy_mala pesimo
pesima horroroso odiei detestei
""",
}

PRAISING = """
a adorei ageis agil agilidade all amable amables and are as atencion atenciosa atenciosas atencioso atenciosos
atendimento bem boa bom buen buena caso competente competentes da de dia do done e educada educadas educado educados
eficiente eficientes el em equipe equipo excelente excellent fast foi foram friendly gentil gentis good gostei great
helpful is it job keep kind la mesmo meu minha muita muito muy my nice no o os otima otimo parabens perfeito pessoal
polite prestativa prestativo prestativos problema professional quick quickly rapida rapidamente rapidas rapidez rapido
rapidos really recomendo resolveram resolveu resolvido resolvieron resuelto sao sempre service servicio servico so
solved super suporte support team the time todo tudo up vcs very voces was well were work y you
"""
"""What a comment may hold that only goes on praising."""

WANTING = """
nao nem nada not no_funciona no_sirve no_puedo no_tengo no_recibi no_se never
didn't doesn't isn't won't can't ainda still todavia aun sigue continua continuo erro error
falha falta faltou bug de_novo again otra_vez voltou preciso precisamos need necesito quero gostaria want please
por_favor favor aguardo aguardando espero mas but pero porem however contudo quando when amanha tomorrow manana vou
vamos irei will i'll voy segue anexo attached depois after despues enviar enviei mandei problema problemas problem
problems
"""
"""Denials, restrictions, plans and requests: what they stand in is no mere rating."""
